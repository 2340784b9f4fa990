//! TLS on the control connection and the data connections.

mod ccc;
mod certificates;
mod refusals;
mod session;
