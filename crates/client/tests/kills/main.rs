//! Transfers of one, two or three processes at one target, one of which is killed at its first, second, third … step:
//! at each call of its file system, and at each read and write of its connections.
//!
//! After the kill, and also after the job was run again, each final name has one whole version of its file. A job
//! that reports success has transferred all of the new version. The job that is run again succeeds, and leaves
//! nothing else.
//!
//! Several uploads without temporary names exclude each other by a [`LocalLock`](oxftp::LocalLock), since the server
//! would write both into one file.
//!
//! `OXFTP_KILLS` sets the number of runs, and `OXFTP_SEED` the number from which their order is derived. A failure
//! prints the number of its run; `OXFTP_KILL=NUMBER` repeats that run.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

#[path = "../common/mod.rs"]
mod common;
mod killable;
mod run;
mod scenario;

use std::{
    collections::BTreeMap,
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use oxftp_testing::servers::{Protection, ServerKind, TestServer};

use self::{
    run::{Plan, Run},
    scenario::{Job, SCENARIOS, SLOW_SCENARIOS},
};

/// The number of kills by default.
const KILLS: u64 = 2000;
const SEED: u64 = 1;
/// The number of runs at the same time.
const CONCURRENCY: usize = 4;

#[expect(clippy::print_stdout, reason = "shown with --nocapture")]
#[test]
fn transfers_killed_at_any_step_lose_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime.block_on(ServerKind::Embedded.start(Protection::Plain)).unwrap();
    let number = |name| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (kills, seed) = (number("OXFTP_KILLS").unwrap_or(KILLS), number("OXFTP_SEED").unwrap_or(SEED));
    let only = number("OXFTP_KILL");

    let (steps, next) = (Steps::default(), AtomicU64::new(0));
    let (killed, violations) = (AtomicU64::new(0), AtomicU64::new(0));
    for job in SCENARIOS.into_iter().chain(SLOW_SCENARIOS) {
        let plan = Plan { number: 0, seed, job, processes: 1, last: u64::MAX };
        match run(&server, 0, plan) {
            Some(taken) => steps.record(job, taken),
            None => violations.fetch_add(1, Ordering::Relaxed),
        };
    }
    let begun = Instant::now();
    let work = |slot: usize| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= kills {
                return;
            }
            if only.is_some_and(|only| only != number) {
                continue;
            }
            if number > 0 && number.is_multiple_of(10_000) {
                println!("{number} runs in {} s", begun.elapsed().as_secs());
            }
            let Some(plan) = plan(number, seed, &steps) else { continue };
            match run(&server, slot, plan) {
                Some(taken) => killed.fetch_add(u64::from(taken > plan.last), Ordering::Relaxed),
                None => violations.fetch_add(1, Ordering::Relaxed),
            };
        }
    };
    thread::scope(|scope| {
        for slot in 0..CONCURRENCY {
            scope.spawn(move || work(slot));
        }
    });

    let (killed, violations) = (killed.into_inner(), violations.into_inner());
    let seconds = begun.elapsed().as_secs();
    println!(
        "{kills} runs, {killed} of them killed, {violations} violations, in {seconds} s; steps of each job: {:?}",
        steps.0.lock().unwrap()
    );
    assert_eq!(violations, 0);
    assert!(only.is_some() || killed > kills / 2, "{killed} of {kills} runs were killed");
}

/// Runs a plan; returns the number of steps of the process that is killed, or `None` after a violation.
fn run(server: &TestServer, slot: usize, plan: Plan) -> Option<u64> {
    catch_unwind(AssertUnwindSafe(|| Run::new(server, slot, plan).run())).ok()
}

/// The number of steps of each job that is not killed, and runs alone.
#[derive(Debug, Default)]
struct Steps(Mutex<BTreeMap<Job, u64>>);

impl Steps {
    fn record(&self, job: Job, steps: u64) -> u64 {
        self.0.lock().unwrap().insert(job, steps).unwrap_or_default()
    }

    fn of(&self, job: Job) -> Option<u64> {
        self.0.lock().unwrap().get(&job).copied()
    }
}

/// Plans a run. The runs of a job are killed at all of its steps in turn, in an order that spreads few runs evenly.
fn plan(number: u64, seed: u64, steps: &Steps) -> Option<Plan> {
    let (round, place) = (number / ROUND, (number % ROUND) as usize);
    let (job, processes) = match SCENARIOS.get(place / 3) {
        Some(job) => (*job, place % 3 + 1),
        None if round % 4 == 0 => (SLOW_SCENARIOS[0], (round / 4 % 3) as usize + 1),
        None => (SCENARIOS[(round % SCENARIOS.len() as u64) as usize], 3),
    };
    let last = (round * STRIDE + seed) % steps.of(job)?;
    Some(Plan { number, seed, job, processes, last })
}

/// The number of runs of all jobs: with one, two and three processes, and one run for a slow job every fourth time.
const ROUND: u64 = SCENARIOS.len() as u64 * 3 + 1;

/// A prime number, so that every step is reached.
const STRIDE: u64 = 7919;
