//! The data connection: passive and active mode, compression, rate limits and resets.

mod active;
mod compression;
mod open_end;
mod passive;
mod rate_limit;
mod reset;
