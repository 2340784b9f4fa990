//! Logins: credentials, secrets, and opportunistic TLS.

mod credentials;
mod opportunistic_tls;
mod secrets;
