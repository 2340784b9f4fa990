//! Profiles of servers that this system has no packages of: greeting, replies, listings and refusals.
//!
//! They were written from manuals, public source code and sessions that users have published;
//! `docs/dev/server-quirks.md` lists the known facts of each. [`PROFILES`] lists them; [`find`] returns one by its
//! name.

mod appliances;
mod boards;
mod hosted;
mod kinds;
mod lines;
mod replies;
mod services;
mod unix;
mod windows;

use crate::memory::Habits;

/// A server with a name.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Its name, in lower case with `_`.
    pub name: &'static str,
    /// Returns how it behaves. Its clock is the one of this system.
    pub habits: fn() -> Habits,
}

/// All profiles, by kind.
pub const PROFILES: &[&[Profile]] = &[
    appliances::PROFILES,
    boards::PROFILES,
    hosted::PROFILES,
    kinds::PROFILES,
    replies::PROFILES,
    services::PROFILES,
    unix::PROFILES,
    windows::PROFILES,
];

/// Returns the profile with this name.
#[must_use]
pub fn find(name: &str) -> Option<Profile> {
    PROFILES.iter().copied().flatten().copied().find(|profile| profile.name == name)
}

/// A server with `MLSD` and exact times.
fn modern() -> Habits {
    Habits { now: lines::now(), ..Habits::default() }
}

/// A server with `LIST` alone, whose lines are those of `ls -l`.
fn classic() -> Habits {
    Habits { now: lines::now(), extended_passive: |_| REFUSAL.to_owned(), ..Habits::list_only() }
        .listing(lines::ls)
}

/// The reply to a command that old servers do not know.
const REFUSAL: &str = "500 command not understood.";
