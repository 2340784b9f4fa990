//! What a run of a program takes.

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

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// Of the client alone, user and system.
    pub(crate) cpu: Duration,
    /// The most memory that it held.
    pub(crate) kib: u64,
}

/// How one run ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(Cost),
    /// The client knows no such job.
    Unable,
    TooSlow(Duration),
    Failed(String),
    /// It said that all was well, and it was not.
    Wrong(String),
}

/// Runs a program to its end.
pub(crate) fn run(mut command: Command, output: &Path, patience: Duration) -> Outcome {
    let errors = output.with_extension("errors");
    command.stdin(Stdio::null()).stdout(File::create(output).unwrap()).stderr(File::create(&errors).unwrap());
    let begun = Instant::now();
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let watch = Watch::start(child.id(), patience);
    let used = child.wait4().unwrap();
    let wall = begun.elapsed();
    let (kib, gave_up) = watch.stop();
    if gave_up {
        return Outcome::TooSlow(patience);
    }
    if !used.status.success() {
        let said = fs::read_to_string(&errors).unwrap_or_default();
        return Outcome::Failed(said.lines().last().unwrap_or("without a word").to_owned());
    }
    Outcome::Done(Cost { wall, cpu: used.rusage.utime + used.rusage.stime, kib })
}

/// Looks at a process's memory now and then, and ends it when it takes too long.
///
/// The system's own figure begins with the memory of the process that started it.
struct Watch {
    ended: Arc<AtomicBool>,
    thread: thread::JoinHandle<(u64, bool)>,
}

impl Watch {
    fn start(process: u32, patience: Duration) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        let thread = thread::spawn(move || watch(process, patience, &seen));
        Self { ended, thread }
    }

    fn stop(self) -> (u64, bool) {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn watch(process: u32, patience: Duration, ended: &AtomicBool) -> (u64, bool) {
    let begun = Instant::now();
    let status = format!("/proc/{process}/status");
    let mut most = 0;
    while !ended.load(Ordering::Relaxed) {
        if begun.elapsed() > patience {
            let pid = i32::try_from(process).ok().and_then(Pid::from_raw).unwrap();
            let _ = kill_process(pid, Signal::KILL);
            return (most, true);
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = mark.and_then(|mark| mark.trim().strip_suffix(" kB")).and_then(|mark| mark.parse().ok());
        most = kib.unwrap_or(most);
        thread::sleep(LOOK);
    }
    (most, false)
}

const LOOK: Duration = Duration::from_millis(10);
