//! Output: what goes to stdout and stderr, and exit codes.

mod closed_stdout;
mod events;
mod exit_codes;
mod records;
mod streams;
