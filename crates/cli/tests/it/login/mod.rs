//! Logins: credentials, secrets, and TLS where the server offers it.

mod credentials;
mod opportunistic_tls;
mod secrets;
