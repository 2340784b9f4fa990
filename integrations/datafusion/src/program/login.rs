//! Arguments of logins.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::FtpOptions;

/// The arguments of logins on servers, for programs with clap: `#[command(flatten)]`.
#[derive(Debug, Args)]
pub struct Login {
    /// Log in as USER, if the URL names none [env: OXFTP_USER]
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Look up users and passwords in ~/.netrc
    #[arg(long, conflicts_with = "netrc_file")]
    netrc: bool,
    /// Look up users and passwords in FILE
    #[arg(long, value_name = "FILE")]
    netrc_file: Option<PathBuf>,
    /// Trust the certificates in FILE (PEM), besides those of the system [env: OXFTP_CA_FILE]
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Open at most N sessions per server
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = sessions)]
    sessions: usize,
}

impl Login {
    /// Returns the options, with the password of the environment.
    ///
    /// # Errors
    ///
    /// The user has a password.
    pub fn options(&self) -> Result<FtpOptions, Failure> {
        let options = FtpOptions::from_env();
        if let Some(user) = &self.user {
            if user.contains(':') {
                return Err(Failure::PasswordInUser);
            }
            options.set_user(user);
        }
        if self.netrc {
            options.set_netrc(std::env::home_dir().unwrap_or_default().join(".netrc"));
        }
        if let Some(path) = &self.netrc_file {
            options.set_netrc(path);
        }
        if let Some(path) = &self.tls_ca {
            options.set_ca_file(path);
        }
        options.set_sessions(self.sessions);
        Ok(options)
    }
}

fn sessions(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(sessions) if sessions > 0 => Ok(sessions),
        _ => Err("expected a number from 1 on".to_owned()),
    }
}
