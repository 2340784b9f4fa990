//! Logins that a server has refused: sending the same password again might lock the account.

use oxftp::{Error, FtpUrl, StatusCodeError};

use super::login_key::LoginKey;
use crate::failure::{Failure, Stage};

/// Refused logins, with the reply that refused them.
#[derive(Debug, Default)]
pub(super) struct LoginBlocklist(Vec<(LoginKey, StatusCodeError)>);

impl LoginBlocklist {
    /// Fails with the earlier reply if this login was refused.
    pub(super) fn check(&self, key: &LoginKey, url: &FtpUrl) -> Result<(), Failure> {
        match self.0.iter().find(|(refused, _)| refused == key) {
            Some((_, reply)) => {
                Err(Failure::opening(url, Stage::of_login(&key.credentials), reply.clone().into()))
            }
            None => Ok(()),
        }
    }

    /// Records a failure if it is a login that the server refused permanently.
    pub(super) fn record(&mut self, key: &LoginKey, failure: &Failure) {
        if let Failure::Opening { stage, error, .. } = failure
            && stage.is_login()
            && let Error::StatusCode(reply) = &**error
            && !error.is_transient()
        {
            self.0.push((key.clone(), reply.clone()));
        }
    }
}
