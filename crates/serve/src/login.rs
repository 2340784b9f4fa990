//! Login: one user, or everyone.

use async_trait::async_trait;
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, Principal};

use crate::options::Login;

/// Authenticator that accepts one user, or everyone if no user is set.
#[derive(Debug)]
pub(crate) struct SingleUserAuthenticator {
    pub(crate) login: Option<Login>,
}

#[async_trait]
impl Authenticator for SingleUserAuthenticator {
    async fn authenticate(
        &self,
        username: &str,
        credentials: &Credentials,
    ) -> Result<Principal, AuthenticationError> {
        if let Some(login) = &self.login {
            if login.name != username {
                return Err(AuthenticationError::BadUser);
            }
            if Some(&login.password) != credentials.password.as_ref() {
                return Err(AuthenticationError::BadPassword);
            }
        }
        Ok(Principal { username: username.to_owned() })
    }
}
