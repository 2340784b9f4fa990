//! Documentation: help, manual pages and the guide.

mod examples;
mod flags;
mod help;
mod links;
mod troubleshooting;
