//! Making one tree like another: what differs, what is done about it, in which order.
//!
//! [`Mirror`] is what is asked for. An `item` is what stands on one side; a `filter` says what is left out,
//! `compare` and `moment` what is the same, and `plan` what is to be done in a directory. `side` lists
//! and changes either side, `run` carries plans out, a `job` is a file of them, `delivery` moves it,
//! `removal` deletes, and `sequel` is what is done when all files are there.
//! Directories are compared one by one, so that no tree is held in memory.

mod clock;
mod compare;
mod delivery;
mod filter;
mod item;
mod job;
mod link;
mod listing;
mod moment;
mod options;
mod place;
mod plan;
mod relay;
mod removal;
mod request;
mod root;
mod route;
mod run;
mod sequel;
mod side;
mod step;

pub use filter::{Filter, FilterError};
pub use options::{Compare, Delete, Links};
pub use request::Mirror;
pub use step::{Action, Step, Why};
