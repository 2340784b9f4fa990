//! Logins that a server has refused: asked again with the same password it might lock the account.

use oxftp::{Error, FtpUrl, StatusCodeError};

use super::Place;
use crate::failure::{Failure, Stage};

/// The logins that were refused so far, and in which words.
#[derive(Debug, Default)]
pub(super) struct RefusedLogins(Vec<(Place, StatusCodeError)>);

impl RefusedLogins {
    /// Fails as before where this very login was refused.
    pub(super) fn check(&self, place: &Place, url: &FtpUrl) -> Result<(), Failure> {
        match self.0.iter().find(|(refused, _)| refused == place) {
            Some((_, words)) => Err(Failure::opening(url, Stage::Login, words.clone().into())),
            None => Ok(()),
        }
    }

    /// Remembers a failure, if it is a login that the server refused for good.
    pub(super) fn note(&mut self, place: &Place, failure: &Failure) {
        if let Failure::Opening { stage: Stage::Login, error, .. } = failure
            && let Error::StatusCode(words) = &**error
            && !error.is_transient()
        {
            self.0.push((place.clone(), words.clone()));
        }
    }
}
