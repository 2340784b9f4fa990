//! One run: processes at one target, the kill of the first, and what holds after it.

use std::{fs, path::Path, thread, time::Duration};

use oxftp::{Error, LocalLock, Pool, Report, Result, local_fs::LocalFs};
use oxftp_testing::servers::TestServer;
use tempfile::TempDir;

use crate::{
    common::{builder, pool_with},
    killable::{KillOptions, KillSwitch, KillableConnector, KillableFs, StepwiseFs},
    scenario::{Job, Places, Version, create_extraneous, names},
};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) number: u64,
    pub(crate) seed: u64,
    pub(crate) job: Job,
    pub(crate) processes: usize,
    /// The last step of the first process.
    pub(crate) last: u64,
}

impl Plan {
    /// Returns a random number below `most` that depends on the run and on `what`.
    fn random(&self, what: u64, most: u64) -> u64 {
        let mut mixed = (self.seed << 40) ^ (self.number << 8) ^ what;
        for _ in 0..2 {
            mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        (mixed >> 32) % most
    }

    fn flips(&self, what: u64) -> bool {
        self.random(what, 2) == 1
    }
}

pub(crate) struct Run<'s> {
    server: &'s TestServer,
    plan: Plan,
    places: Places,
    _local: TempDir,
}

impl<'s> Run<'s> {
    pub(crate) fn new(server: &'s TestServer, slot: usize, plan: Plan) -> Self {
        let Plan { number, job, processes, .. } = plan;
        let local = tempfile::tempdir().unwrap();
        let name = format!("{slot}/{job:?}-{processes}-{number}-{}", plan.last);
        let there = server.root().join(&name);
        let places = Places {
            here: local.path().join("here"),
            lock: local.path().join("lock"),
            records: local.path().join("records"),
            there,
            name,
        };
        for directory in [&places.here, &places.there] {
            fs::create_dir_all(directory).unwrap();
        }
        Self { server, plan, places, _local: local }
    }

    /// Runs it; returns the number of steps of the process that is killed.
    pub(crate) fn run(&self) -> u64 {
        let Plan { job, .. } = self.plan;
        if self.plan.flips(0) {
            Version::Old.create(job, &self.places.target(job));
            create_extraneous(job, &self.places.target(job));
        }
        // A run that was killed while it transferred the older version.
        if self.plan.flips(1) {
            Version::Old.create(job, &self.places.source(job));
            self.process(1 + self.plan.random(2, 120), self.plan.flips(3), true);
            self.check("after the kill with the older version");
        }
        Version::New.create(job, &self.places.source(job));
        let resume = self.plan.flips(4);
        let taken = thread::scope(|scope| {
            let others: Vec<_> = (1..self.plan.processes)
                .map(|number| {
                    let resume = self.plan.flips(10 + number as u64);
                    let pause = self.plan.random(20 + number as u64, 4000);
                    scope.spawn(move || {
                        thread::sleep(Duration::from_micros(pause));
                        self.survivor(resume);
                    })
                })
                .collect();
            let taken = self.process(self.plan.last, resume, self.plan.processes == 1);
            for other in others {
                other.join().unwrap_or_else(|failure| std::panic::resume_unwind(failure));
            }
            taken
        });
        self.check("after the kill");
        self.process(u64::MAX, true, true);
        self.check_final();
        let _ = fs::remove_dir_all(&self.places.there);
        taken
    }

    /// Runs a process that no one kills.
    fn survivor(&self, resume: bool) {
        let (_, outcome) = self.start(u64::MAX, resume);
        match outcome {
            Some(Ok(_)) => self.check_new("after a success"),
            Some(Err(error)) if is_in_use(&error) => {}
            other => self.fail(&format!("another process ends with {other:?}")),
        }
    }

    /// Runs the process that is killed, or the one that is not; returns its number of steps.
    fn process(&self, last: u64, resume: bool, is_alone: bool) -> u64 {
        let (steps, outcome) = self.start(last, resume);
        match outcome {
            Some(Ok(_)) if self.places.source(self.plan.job).exists() => {}
            None => {}
            Some(Err(error)) if !is_alone && is_in_use(&error) => {}
            other => self.fail(&format!("a process ends with {other:?}")),
        }
        steps
    }

    fn start(&self, last: u64, resume: bool) -> (u64, Option<Result<Report>>) {
        let options = KillOptions {
            tears_last_write: self.plan.flips(5),
            closes_orderly: self.plan.random(6, 4) > 0,
            is_direct: self.plan.flips(7),
        };
        let kill_switch = KillSwitch::new(last, options, |_: &Path| {});
        // A busy machine may let a process wait. A process that waits forever is still a failure.
        let builder = builder(self.server).socket_timeout(PATIENCE);
        let builder =
            builder.connector(KillableConnector::new(&kill_switch)).upload_records(&self.places.records);
        let builder = match self.plan.flips(8) {
            true => builder.file_system(KillableFs::new(LocalFs::new(), &kill_switch)),
            false => builder.file_system(StepwiseFs::new(LocalFs::new(), &kill_switch)),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome = runtime.block_on(async {
            let pool = pool_with(builder, self.server).size(2);
            tokio::select! {
                biased;
                () = kill_switch.end() => None,
                outcome = self.work(&pool, resume) => Some(outcome),
            }
        });
        // Waits for the calls of the system that have begun.
        drop(runtime);
        (kill_switch.steps(), outcome)
    }

    /// Runs the job. Uploads without temporary names exclude each other by a lock.
    async fn work(&self, pool: &Pool, resume: bool) -> Result<Report> {
        let Plan { job, processes, .. } = self.plan;
        let _lock = match processes > 1 && !job.is_atomic() {
            true => Some(LocalLock::acquire(&self.places.lock, Duration::ZERO).await?),
            false => None,
        };
        job.run(pool, &self.places, resume).await
    }

    /// Fails unless each final name has a whole version.
    fn check(&self, when: &str) {
        let job = self.plan.job;
        if !job.is_atomic() {
            return;
        }
        let target = self.places.target(job);
        for name in names(&target) {
            let path = if name.is_empty() { target.clone() } else { target.join(&name) };
            let Some(new) = Version::New.content(job, &name) else { continue };
            let Ok(found) = fs::read(&path) else { continue };
            if found != new && Some(&*found) != Version::Old.content(job, &name) {
                self.fail(&format!("{when} {name:?} is of no version, {} bytes", found.len()));
            }
        }
    }

    /// Fails unless each final name has the new version.
    fn check_new(&self, when: &str) {
        let job = self.plan.job;
        let (source, target) = (self.places.source(job), self.places.target(job));
        for name in names(&source) {
            let path = |root: &Path| if name.is_empty() { root.to_owned() } else { root.join(&name) };
            if fs::read(path(&source)).ok() != fs::read(path(&target)).ok() {
                self.fail(&format!("{when} {name:?} differs"));
            }
        }
    }

    /// Fails unless the target has the new version and nothing else.
    fn check_final(&self) {
        self.check_new("after the last run");
        let job = self.plan.job;
        let (source, target) = (names(&self.places.source(job)), names(&self.places.target(job)));
        if source != target {
            self.fail(&format!("after the last run the target has {target:?}"));
        }
    }

    fn fail(&self, what: &str) -> ! {
        panic!("{:?}: {what}", self.plan)
    }
}

/// The deadline of each wait for the server.
const PATIENCE: Duration = Duration::from_secs(180);

/// Returns whether another process was writing all that failed.
fn is_in_use(error: &Error) -> bool {
    match error {
        Error::InUse { .. } | Error::Locked { .. } => true,
        Error::PartialFailure { report } => report.failures.iter().all(|failure| is_in_use(&failure.error)),
        _ => false,
    }
}
