//! Exponential backoff between the attempts of an operation.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// Pauses between the attempts of an operation that fails for a transient reason: each is twice as long as the previous
/// one, up to 30 s. Jitter shortens a pause by up to a half, so that clients that failed together do not return together.
///
/// ```no_run
/// # async fn example() -> oxftp::Result<()> {
/// use std::time::Duration;
///
/// use oxftp::{Backoff, Client};
///
/// let mut backoff = Backoff::new(3, Duration::from_millis(250));
/// let client = loop {
///     let connected = Client::builder().connect("ftp.example.org").await;
///     let is_transient = connected.as_ref().is_err_and(oxftp::Error::is_transient);
///     if !is_transient || !backoff.wait().await {
///         break connected?;
///     }
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Backoff {
    left: u32,
    pause: Duration,
}

impl Backoff {
    /// Allows this many retries. The first pause has about this length.
    ///
    /// ```
    /// let backoff = oxftp::Backoff::new(3, std::time::Duration::from_millis(250));
    /// ```
    #[must_use]
    pub fn new(retries: u32, first: Duration) -> Self {
        Self { left: retries, pause: first }
    }

    /// Uses up a retry, and returns the pause before it; `None` if no retry is left.
    ///
    /// ```
    /// let mut backoff = oxftp::Backoff::new(1, std::time::Duration::from_millis(250));
    /// assert!(backoff.next_pause().is_some());
    /// assert!(backoff.next_pause().is_none());
    /// ```
    pub fn next_pause(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let pause = self.pause;
        self.pause = (pause * 2).min(MAX_PAUSE);
        Some(pause.mul_f64(0.5 + 0.5 * random()))
    }

    /// Uses up a retry and waits before it. Returns `false` at once if no retry is left.
    ///
    /// ```no_run
    /// # async fn example(mut backoff: oxftp::Backoff) {
    /// while backoff.wait().await {
    ///     println!("another attempt");
    /// }
    /// # }
    /// ```
    pub async fn wait(&mut self) -> bool {
        match self.next_pause() {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                true
            }
            None => false,
        }
    }
}

/// Returns a number from 0 to 1 that differs from call to call; not for secrets.
fn random() -> f64 {
    f64::from((RandomState::new().hash_one(0) >> 32) as u32) / f64::from(u32::MAX)
}

const MAX_PAUSE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_pauses_double_and_end() {
        let mut backoff = Backoff::new(9, Duration::from_millis(250));
        let pauses: Vec<_> = std::iter::from_fn(|| backoff.next_pause()).collect();

        assert_eq!(pauses.len(), 9);
        for (pause, whole) in pauses.iter().zip([0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]) {
            assert!((whole / 2.0..=whole).contains(&pause.as_secs_f64()), "{pause:?} {whole}");
        }
    }
}
