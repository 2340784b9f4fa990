//! Retry loop and policy: which errors are transient, and how long to wait.

use std::time::Duration;

use oxftp_proto::classify;

use crate::{Error, backoff::Backoff};

/// Retries that are left, and what the attempts so far have shown.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    backoff: Backoff,
    /// An attempt broke: its session, which the server may not have ended yet, may still hold the file.
    broke: bool,
}

impl RetryBudget {
    /// Allows this many retries.
    pub(crate) fn new(retries: u32) -> Self {
        Self { backoff: Backoff::new(retries, FIRST_PAUSE), broke: false }
    }

    /// Returns whether the next attempt may succeed after this error. A permanent refusal may pass if it is the result
    /// of an earlier attempt that broke: the file is in use, or exists already.
    pub(crate) fn allows(&mut self, error: &Error) -> bool {
        let is_retryable = is_retryable(error);
        self.broke |= is_retryable && spoils_session(error);
        is_retryable || self.broke && error.reply().is_some_and(classify::is_upload_blocked)
    }

    /// Uses up a retry, and returns the pause before it.
    pub(crate) fn next_pause(&mut self) -> Option<Duration> {
        self.backoff.next_pause()
    }
}

/// Runs `$work` with the session `$client` of a worker. Retries a transient failure, on another session if necessary,
/// until the budget is used up; `$before` runs before `$work` is run again.
///
/// Evaluates to a `Result<T, RetryError>`. It is a macro since the compiler cannot prove that the future of an async
/// closure that borrows from its environment is `Send`.
macro_rules! retrying {
    ($worker:expr, $budget:expr, |$client:ident| $work:expr) => {
        $crate::transfer::scheduler::retry::retrying!($worker, $budget, |$client| $work, before = ())
    };
    ($worker:expr, $budget:expr, |$client:ident| $work:expr, before = $before:expr) => {{
        let worker = &mut *$worker;
        let mut budget = $budget;
        loop {
            let $client = match worker.client().await {
                Ok(client) => client,
                Err(error) => match worker.recover(error, &mut budget).await {
                    Ok(()) => continue,
                    Err(error) => {
                        break Err($crate::transfer::scheduler::retry::RetryError::NoSession(error));
                    }
                },
            };
            // Pinned in place: the future may be too large to be moved for each attempt.
            let outcome: $crate::Result<_> = std::pin::pin!(async { $work }).await;
            match outcome {
                Ok(done) => break Ok(done),
                Err(error) => match worker.recover(error, &mut budget).await {
                    Ok(()) => $before,
                    Err(error) => break Err($crate::transfer::scheduler::retry::RetryError::Failed(error)),
                },
            }
        }
    }};
}
pub(crate) use retrying;

/// The reason why no attempt follows.
pub(crate) enum RetryError {
    /// No session was available.
    NoSession(Error),
    /// The work itself failed.
    Failed(Error),
}

impl From<RetryError> for Error {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NoSession(error) | RetryError::Failed(error) => error,
        }
    }
}

/// Returns whether the next attempt may succeed.
pub(crate) fn is_retryable(error: &Error) -> bool {
    let may_pass = error.is_transient() || error.is_connection_lost() || is_oops(error);
    may_pass && !is_permanent(error) && !error.is_tls_refusal()
}

/// Returns whether the session may be unusable after this error.
pub(crate) fn spoils_session(error: &Error) -> bool {
    !matches!(error, Error::StatusCode(refused) if refused.info.code().class() == 4 && !error.is_connection_lost())
}

/// Returns whether an error with a transient code is permanent.
fn is_permanent(error: &Error) -> bool {
    matches!(error, Error::StatusCode(refused) if classify::is_permanent(&refused.info))
}

/// Returns whether vsftpd gave up and closed the connection.
fn is_oops(error: &Error) -> bool {
    error.reply().is_some_and(classify::is_fatal_oops)
}

const FIRST_PAUSE: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use oxftp_proto::{Code, Reply};

    use super::*;

    fn refused(code: u16, text: &str) -> Error {
        Reply::new(Code::new(code).unwrap(), [text.as_bytes()]).unexpected(&["2xx"]).into()
    }

    #[test]
    fn retry_of_blocked_file_needs_broken_attempt() {
        let in_use = refused(550, "x: being used by another process");
        let mut budget = RetryBudget::new(9);
        assert!(!budget.allows(&in_use));
        assert!(budget.allows(&refused(450, "busy")));
        assert!(!budget.allows(&in_use));

        assert!(budget.allows(&Error::Closed { reply: None }));
        for passing in [in_use, refused(553, "x: File exists")] {
            assert!(budget.allows(&passing), "{passing}");
        }
        assert!(!budget.allows(&refused(550, "Permission denied")));
    }

    #[test]
    fn transient_errors_differ_from_permanent_ones() {
        for transient in [refused(450, "busy"), refused(421, "bye"), refused(500, "OOPS: vsf_sysutil_bind")] {
            assert!(is_retryable(&transient), "{transient}");
        }
        let permanent =
            [(550, "no"), (452, "disk full"), (500, "what?"), (450, "x: No such file or directory")];
        for permanent in permanent.map(|(code, text)| refused(code, text)) {
            assert!(!is_retryable(&permanent), "{permanent}");
        }
        assert!(!spoils_session(&refused(450, "busy")));
        assert!(spoils_session(&refused(421, "bye")));
    }
}
