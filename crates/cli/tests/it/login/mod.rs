//! Logins: credentials, secrets, and opportunistic TLS.

mod credentials;
mod keyring;
mod known_hosts;
mod opportunistic_tls;
mod secrets;
