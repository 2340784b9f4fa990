//! Process group of a server, ended as a whole.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// The processes of a server and its watchdog; the group's number is that of the first process.
#[derive(Debug)]
pub(crate) struct ProcessGroup(pub(crate) u32);

impl ProcessGroup {
    /// Kills every process of the group.
    pub(crate) fn kill(&self) {
        if let Some(group) = i32::try_from(self.0).ok().and_then(Pid::from_raw) {
            // The group is gone already if the server exited by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Waits until no process of the group runs: a killed session holds its ports for a moment.
    ///
    /// Zombies do not count: sessions are not children of this process, and the init process may reap them late.
    pub(crate) fn wait(&self) {
        let deadline = Instant::now() + DEADLINE;
        while self.runs() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Returns whether a process of the group runs; always `false` without /proc, that is, on systems other than Linux.
    fn runs(&self) -> bool {
        let Ok(processes) = fs::read_dir("/proc") else { return false };
        processes.flatten().any(|process| self.has_running(&process.path()) == Some(true))
    }

    fn has_running(&self, process: &Path) -> Option<bool> {
        let stat = fs::read_to_string(process.join("stat")).ok()?;
        // After the program name in parentheses: state, parent, process group.
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let ended = matches!(fields.next()?, "Z" | "X");
        Some(!ended && fields.nth(1)?.parse() == Ok(self.0))
    }
}

const DEADLINE: Duration = Duration::from_secs(2);
