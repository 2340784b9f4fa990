//! How long to wait for what.

use std::time::Duration;

/// The deadlines of a client; `None` waits for ever.
///
/// ```
/// use std::time::Duration;
///
/// let timeouts = oxftp::Timeouts::default();
/// assert_eq!(timeouts.connect, Some(Duration::from_secs(15)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Resolving the name and opening the control connection, TLS handshake included.
    /// Defaults to 15 seconds.
    pub connect: Option<Duration>,
    /// Sending a command and receiving its whole reply. Defaults to 30 seconds.
    pub command: Option<Duration>,
    /// Opening a data connection, TLS handshake included. Defaults to 15 seconds.
    pub data_connect: Option<Duration>,
    /// Silence on a data connection while a transfer runs. Defaults to 60 seconds.
    pub data_idle: Option<Duration>,
    /// The final reply once all data are through: slow disks take minutes.
    /// Defaults to 5 minutes.
    pub completion: Option<Duration>,
    /// A whole operation, such as a download of a tree. Defaults to none.
    pub total: Option<Duration>,
}

impl Timeouts {
    /// Gives every wait for the server the same deadline; a whole operation gets none.
    #[must_use]
    pub fn all(deadline: Duration) -> Self {
        let deadline = Some(deadline);
        Self {
            connect: deadline,
            command: deadline,
            data_connect: deadline,
            data_idle: deadline,
            completion: deadline,
            total: None,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Some(Duration::from_secs(15)),
            command: Some(Duration::from_secs(30)),
            data_connect: Some(Duration::from_secs(15)),
            data_idle: Some(Duration::from_secs(60)),
            completion: Some(Duration::from_secs(300)),
            total: None,
        }
    }
}
