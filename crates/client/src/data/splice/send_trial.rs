//! Choice between two methods of sending a file, by measurement.

use std::time::Duration;

/// A method of sending the bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SendMethod {
    /// `sendfile`: without a copy in this process, which costs least.
    Sendfile,
    /// Copying through a buffer. A server on the same machine then finds the bytes in the cache of the processor, which
    /// is faster by a third.
    Copy,
}

/// Compares the methods over the first megabytes, if the peer is so fast that the method matters.
#[derive(Debug, Default)]
pub(super) struct SendTrial {
    window: usize,
    bytes: u64,
    time: Duration,
    by_sendfile: Duration,
    by_copy: Duration,
    decided: Option<SendMethod>,
}

impl SendTrial {
    /// Creates a trial with a known result.
    #[cfg(test)]
    pub(super) fn decided(method: SendMethod) -> Self {
        Self { decided: Some(method), ..Self::default() }
    }

    /// Returns the method to send the next bytes by.
    pub(super) fn method(&self) -> SendMethod {
        self.decided.unwrap_or_else(|| WINDOWS[self.window])
    }

    /// Records that bytes were sent by the current method.
    pub(super) fn record(&mut self, bytes: u64, time: Duration) {
        if self.decided.is_some() {
            return;
        }
        // The bytes before are still in the buffers of the connection.
        if self.bytes >= SKIPPED_BYTES {
            self.time += time;
        }
        self.bytes += bytes;
        if self.bytes < SKIPPED_BYTES + WINDOW_BYTES {
            return;
        }
        if self.time > MAX_WINDOW_TIME {
            self.decided = Some(SendMethod::Sendfile);
            return;
        }
        match WINDOWS[self.window] {
            SendMethod::Sendfile => self.by_sendfile += self.time,
            SendMethod::Copy => self.by_copy += self.time,
        }
        (self.bytes, self.time) = (0, Duration::ZERO);
        self.window += 1;
        if self.window == WINDOWS.len() {
            let is_faster = self.by_copy.mul_f64(MIN_GAIN) < self.by_sendfile;
            self.decided = Some(if is_faster { SendMethod::Copy } else { SendMethod::Sendfile });
        }
    }
}

const WINDOWS: [SendMethod; 4] =
    [SendMethod::Sendfile, SendMethod::Copy, SendMethod::Sendfile, SendMethod::Copy];

/// Number of bytes at the start of each window that are not measured.
const SKIPPED_BYTES: u64 = 8 * 1024 * 1024;

/// Number of bytes in each window that are measured.
const WINDOW_BYTES: u64 = 24 * 1024 * 1024;

/// The time for one window on a connection of 250 MB/s. On a slower one the network is the limit, and `sendfile` costs
/// less.
const MAX_WINDOW_TIME: Duration = Duration::from_millis(100);

/// The gain for which copying is worth its processor time.
const MIN_GAIN: f64 = 1.1;

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the method that is chosen if a window takes so many milliseconds by each.
    fn chosen(sendfile: u64, copy: u64) -> SendMethod {
        let mut trial = SendTrial::default();
        for _ in 0..100 {
            let time = match trial.method() {
                SendMethod::Sendfile => sendfile,
                SendMethod::Copy => copy,
            };
            trial.record(WINDOW_BYTES / 12, Duration::from_millis(time) / 12);
        }
        trial.method()
    }

    #[test]
    fn upload_is_copied_where_that_is_faster() {
        assert_eq!(chosen(15, 10), SendMethod::Copy);
        assert_eq!(chosen(90, 60), SendMethod::Copy);
    }

    #[test]
    fn upload_uses_sendfile_where_copying_gains_little() {
        assert_eq!(chosen(15, 15), SendMethod::Sendfile);
        assert_eq!(chosen(60, 57), SendMethod::Sendfile);
        assert_eq!(chosen(10, 15), SendMethod::Sendfile);
    }

    #[test]
    fn upload_over_slow_network_is_never_copied() {
        let mut trial = SendTrial::default();
        for _ in 0..100 {
            trial.record(WINDOW_BYTES, Duration::from_millis(240));
            assert_eq!(trial.method(), SendMethod::Sendfile);
        }
    }
}
