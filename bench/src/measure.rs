//! Measurement of one run of a program: wall time, CPU time and memory.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use wait4::Wait4;

/// The resources that one run used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement {
    pub(crate) wall: Duration,
    /// User and system time of the client alone.
    pub(crate) cpu: Duration,
    /// The peak resident memory.
    pub(crate) kib: u64,
}

/// The result of one run.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(Measurement),
    /// The client does not support this scenario.
    Unsupported,
    TooSlow(Duration),
    Failed(String),
    /// The client reported success, but the result is wrong.
    WrongResult(String),
}

/// Runs a program to its end.
pub(crate) fn run(mut command: Command, output: &Path, timeout: Duration) -> Outcome {
    let errors = output.with_extension("errors");
    command.stdin(Stdio::null()).stdout(File::create(output).unwrap()).stderr(File::create(&errors).unwrap());
    let begun = Instant::now();
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let watch = Watch::start(child.id(), timeout);
    let used = child.wait4().unwrap();
    let wall = begun.elapsed();
    let (kib, timed_out) = watch.stop();
    if timed_out {
        return Outcome::TooSlow(timeout);
    }
    if !used.status.success() {
        let said = fs::read_to_string(&errors).unwrap_or_default();
        return Outcome::Failed(said.lines().last().unwrap_or("no error message").to_owned());
    }
    Outcome::Done(Measurement { wall, cpu: used.rusage.utime + used.rusage.stime, kib })
}

/// Samples the memory of a process, and kills the process when it takes too long.
///
/// The figure of `wait4` is not used because it includes the memory of the parent process at the time of the fork.
struct Watch {
    ended: Arc<AtomicBool>,
    thread: thread::JoinHandle<(u64, bool)>,
}

impl Watch {
    fn start(process: u32, timeout: Duration) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        let thread = thread::spawn(move || watch(process, timeout, &seen));
        Self { ended, thread }
    }

    fn stop(self) -> (u64, bool) {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn watch(process: u32, timeout: Duration, ended: &AtomicBool) -> (u64, bool) {
    let begun = Instant::now();
    let status = format!("/proc/{process}/status");
    let mut peak = 0;
    while !ended.load(Ordering::Relaxed) {
        if begun.elapsed() > timeout {
            let pid = i32::try_from(process).ok().and_then(Pid::from_raw).unwrap();
            let _ = kill_process(pid, Signal::KILL);
            return (peak, true);
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let high_water_mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = high_water_mark
            .and_then(|high_water_mark| high_water_mark.trim().strip_suffix(" kB"))
            .and_then(|high_water_mark| high_water_mark.parse().ok());
        peak = kib.unwrap_or(peak);
        thread::sleep(POLL_INTERVAL);
    }
    (peak, false)
}

const POLL_INTERVAL: Duration = Duration::from_millis(10);
