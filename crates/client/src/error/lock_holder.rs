//! Holder of a job lock, and its text form in the lock.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    time::{Duration, SystemTime},
};

use jiff::Timestamp;

/// The process that holds a job lock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockHolder {
    /// The name of its machine.
    pub host: String,
    /// The number of the process on its machine.
    pub process: u32,
    /// The time of its machine when it took the lock.
    pub since: SystemTime,
    /// The time of its machine when it refreshed the lock last.
    pub refreshed: SystemTime,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "process {} on {} since {}",
            self.process,
            self.host,
            time(self.since, "%Y-%m-%d %H:%M:%S UTC")
        )
    }
}

impl LockHolder {
    /// Returns this process as a holder that takes a lock now.
    pub(crate) fn this_process() -> Self {
        let now = whole_seconds(SystemTime::now());
        Self { host: host_name(), process: std::process::id(), since: now, refreshed: now }
    }

    /// Returns how long ago the lock was refreshed, by the clocks of both machines.
    pub(crate) fn silence(&self) -> Duration {
        SystemTime::now().duration_since(self.refreshed).unwrap_or_default()
    }

    /// Returns the holder as it refreshes the lock now.
    pub(crate) fn refreshed(self) -> Self {
        Self { refreshed: whole_seconds(SystemTime::now()), ..self }
    }

    /// Returns whether this is another refresh of the same lock.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.host, self.process, self.since) == (&other.host, other.process, other.since)
    }

    /// Formats the holder as a file name, `HOST.PROCESS.SINCE.REFRESHED.RANDOM`, which no other process uses.
    pub(crate) fn to_name(&self) -> String {
        let [since, refreshed] = [self.since, self.refreshed].map(|at| time(at, COMPACT));
        let random = RandomState::new().hash_one(self.process) as u32;
        format!("{}.{}.{since}.{refreshed}.{random:08x}", self.host, self.process)
    }

    /// Parses the output of [`to_name`](Self::to_name).
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let mut fields = name.split('.');
        let (host, process) = (fields.next()?, fields.next()?.parse().ok()?);
        let mut time = || parse(fields.next()?);
        let (since, refreshed) = (time()?, time()?);
        (fields.count() == 1).then(|| Self { host: host.to_owned(), process, since, refreshed })
    }
}

/// Returns the time in the precision in which it is recorded: whole seconds.
fn whole_seconds(at: SystemTime) -> SystemTime {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

fn time(at: SystemTime, format: &str) -> String {
    Timestamp::try_from(at).unwrap_or_default().strftime(format).to_string()
}

fn parse(text: &str) -> Option<SystemTime> {
    let at = jiff::civil::DateTime::strptime(COMPACT, text).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().into())
}

/// Returns the name of this machine, reduced to letters, digits and hyphens: other characters have a special meaning
/// to some servers, and dots separate the fields.
fn host_name() -> String {
    let name: String = raw_host_name()
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .take(MAX_HOST_NAME)
        .collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

#[cfg(unix)]
fn raw_host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn raw_host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

const COMPACT: &str = "%Y%m%dT%H%M%SZ";

const MAX_HOST_NAME: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_holder_round_trips_through_its_name() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let holder = LockHolder {
            host: "build-1".to_owned(),
            process: 4711,
            since: at(1_764_354_011),
            refreshed: at(1_764_354_611),
        };

        let name = holder.to_name();

        assert_eq!(name.rsplit_once('.').unwrap().0, "build-1.4711.20251128T182011Z.20251128T183011Z");
        assert_eq!(LockHolder::from_name(&name), Some(holder.clone()));
        assert_ne!(holder.to_name(), name);
        assert_eq!(holder.to_string(), "process 4711 on build-1 since 2025-11-28 18:20:11 UTC");
    }

    #[test]
    fn other_names_are_no_lock_holders() {
        for name in [
            "",
            "a",
            "a.1.2.3.4",
            "a.x.20251128T182011Z.20251128T183011Z.0",
            "a.1.20251128T182011Z.20251128T183011Z",
        ] {
            assert_eq!(LockHolder::from_name(name), None, "{name}");
        }
        assert!(
            LockHolder::from_name(&LockHolder::this_process().to_name()).unwrap().silence()
                < Duration::from_secs(60)
        );
    }
}
