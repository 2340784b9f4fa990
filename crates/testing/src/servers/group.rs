use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// The processes that a server and its watchdog consist of; its number is the first one's.
#[derive(Debug)]
pub(crate) struct ProcessGroup(pub(crate) u32);

impl ProcessGroup {
    /// Ends every process of the group.
    pub(crate) fn kill(&self) {
        if let Some(group) = i32::try_from(self.0).ok().and_then(Pid::from_raw) {
            // It may be gone already, if the server ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Waits until none runs any more: a killed session holds its ports for a moment yet.
    ///
    /// Those that have ended but wait to be noticed by their parent do not count: sessions are not this
    /// process' children, and the system's first process takes its time.
    pub(crate) fn wait(&self) {
        let deadline = Instant::now() + DEADLINE;
        while self.runs() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Without /proc, as on other systems than Linux, nothing seems to run.
    fn runs(&self) -> bool {
        let Ok(processes) = fs::read_dir("/proc") else { return false };
        processes.flatten().any(|process| self.has_running(&process.path()) == Some(true))
    }

    fn has_running(&self, process: &Path) -> Option<bool> {
        let stat = fs::read_to_string(process.join("stat")).ok()?;
        // After the program's name in brackets: state, parent, process group.
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let ended = matches!(fields.next()?, "Z" | "X");
        Some(!ended && fields.nth(1)?.parse() == Ok(self.0))
    }
}

const DEADLINE: Duration = Duration::from_secs(2);
