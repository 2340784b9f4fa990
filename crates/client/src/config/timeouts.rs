//! Deadlines of a client.

use std::time::Duration;

/// Deadlines of a client; `None` means no deadline.
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
    /// Resolving the host name and opening the control connection, including the TLS handshake. Defaults to
    /// 15 seconds.
    pub connect: Option<Duration>,
    /// Sending a command and receiving its complete reply. Defaults to 30 seconds.
    pub command: Option<Duration>,
    /// Opening a data connection, including the TLS handshake. Defaults to 15 seconds.
    pub data_connect: Option<Duration>,
    /// Idle time on a data connection during a transfer. Defaults to 60 seconds.
    pub data_idle: Option<Duration>,
    /// Receiving the final reply after all data were transferred, which takes minutes with slow disks.
    /// Defaults to 5 minutes.
    pub completion: Option<Duration>,
    /// A whole operation, such as a download of a tree. Defaults to none.
    pub total: Option<Duration>,
}

impl Timeouts {
    /// Returns the same deadline for every wait for the server, and none for a whole operation.
    ///
    /// ```
    /// use std::time::Duration;
    /// use oxftp::Timeouts;
    ///
    /// assert_eq!(Timeouts::all(Duration::from_secs(5)).connect, Some(Duration::from_secs(5)));
    /// ```
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
