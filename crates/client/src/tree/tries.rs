//! How often something is tried again, and when.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use oxftp_proto::classify;

use crate::Error;

/// What is left of the tries that something has.
#[derive(Debug)]
pub(super) struct Tries {
    left: u32,
    pause: Duration,
}

impl Tries {
    /// Allows to try again so many times.
    pub(super) fn again(times: u32) -> Self {
        Self { left: times, pause: FIRST_PAUSE }
    }

    /// Uses up a try, and gives how long to wait before it: each time twice as long, and never quite the
    /// same, so that connections refused together do not come back together.
    pub(super) fn next_pause(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        Some(pause.mul_f64(0.5 + 0.5 * random()))
    }
}

/// Tells whether an error may be gone the next time.
pub(super) fn is_passing(error: &Error) -> bool {
    let may_pass = error.is_transient() || error.is_connection_lost() || is_oops(error);
    may_pass && !is_lasting(error)
}

/// Tells whether the session may be of no use after this error.
pub(super) fn spoils_session(error: &Error) -> bool {
    !matches!(error, Error::StatusCode(refused) if refused.info.code().class() == 4 && !error.is_connection_lost())
}

/// Returns whether a refusal will last although its code is that of a transient one.
fn is_lasting(error: &Error) -> bool {
    matches!(error, Error::StatusCode(refused) if classify::is_permanent(&refused.info))
}

/// Returns whether vsftpd gave up and closed the connection.
fn is_oops(error: &Error) -> bool {
    error.reply().is_some_and(classify::is_fatal_oops)
}

/// Gives a number from 0 to 1 that differs from call to call; nothing secret depends on it.
fn random() -> f64 {
    f64::from((RandomState::new().hash_one(0) >> 32) as u32) / f64::from(u32::MAX)
}

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use oxftp_proto::{Code, Reply};

    use super::*;

    fn refused(code: u16, text: &str) -> Error {
        Reply::new(Code::new(code).unwrap(), [text.as_bytes()]).unexpected(&["2xx"]).into()
    }

    #[test]
    fn pauses_double_and_end() {
        let mut tries = Tries::again(9);
        let pauses: Vec<_> = std::iter::from_fn(|| tries.next_pause()).collect();

        assert_eq!(pauses.len(), 9);
        for (pause, whole) in pauses.iter().zip([0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]) {
            assert!((whole / 2.0..=whole).contains(&pause.as_secs_f64()), "{pause:?} {whole}");
        }
    }

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        for passing in [refused(450, "busy"), refused(421, "bye"), refused(500, "OOPS: vsf_sysutil_bind")] {
            assert!(is_passing(&passing), "{passing}");
        }
        let lasting =
            [(550, "no"), (452, "disk full"), (500, "what?"), (450, "x: No such file or directory")];
        for lasting in lasting.map(|(code, text)| refused(code, text)) {
            assert!(!is_passing(&lasting), "{lasting}");
        }
        assert!(!spoils_session(&refused(450, "busy")));
        assert!(spoils_session(&refused(421, "bye")));
    }
}
