//! Rules of the repository itself: layers of modules, pages and wording, knowledge of servers in one place.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod documentation;
mod layers;
mod public_api;
mod reply_texts;
