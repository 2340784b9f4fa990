//! Concurrency on lines and servers that are only thought of.

use std::collections::BTreeSet;

use super::*;

/// What holds files back.
struct Line {
    /// A connection is silent for so long for each file, and twice as long to open.
    latency: Duration,
    /// Bytes in a second, shared by all.
    bandwidth: f64,
    /// What the server works for each file.
    work: Duration,
    /// How many files it works on at once.
    cores: f64,
}

/// How a tree went.
struct Run {
    elapsed: Duration,
    most: usize,
    last: usize,
}

impl Line {
    fn far() -> Self {
        Self { latency: Duration::from_millis(120), bandwidth: 1e9, work: Duration::ZERO, cores: 2.0 }
    }

    /// How long a file takes while so many are on their way.
    fn file(&self, size: u64, connections: usize) -> Duration {
        let share = connections as f64;
        let bandwidth = Duration::from_secs_f64(size as f64 * share / self.bandwidth);
        let server = self.work.mul_f64((share / self.cores).max(1.0));
        self.latency + bandwidth + server
    }

    /// Moves files by what [`Concurrency`] allows.
    fn run(&self, mut concurrency: Concurrency, files: u64, size: u64) -> Run {
        let start = Instant::now();
        concurrency.found(WorkAmount { files, bytes: files * size });
        // When each connection is through with its file or with being opened, and its rank.
        let mut busy = BTreeSet::from([(start, 0, false)]);
        let mut present = BTreeSet::from([0]);
        let (mut waiting, mut now, mut most) = (files, start, 1);
        while let Some((through, rank, had_file)) = busy.pop_first() {
            now = through;
            concurrency.works(rank, now);
            if had_file {
                concurrency.moved(WorkAmount::file(size), now);
            }
            most = most.max(concurrency.allowed());
            let wanted = if waiting > 0 { concurrency.allowed() } else { 0 };
            for fresh in (0..wanted).filter(|rank| present.insert(*rank)) {
                busy.insert((now + self.latency * 2, fresh, false));
            }
            if rank >= concurrency.allowed() || waiting == 0 {
                present.remove(&rank);
                continue;
            }
            waiting -= 1;
            concurrency.begun(WorkAmount::file(size));
            busy.insert((now + self.file(size, concurrency.allowed()), rank, true));
        }
        Run { elapsed: now - start, most, last: concurrency.allowed() }
    }
}

#[test]
fn five_hundred_small_files_over_forty_milliseconds_end_within_five_seconds() {
    let run = Line::far().run(Concurrency::new(16), 500, 4096);

    assert_eq!(run.most, 16);
    // Connecting, logging in and listing take another half second.
    assert!(run.elapsed < Duration::from_millis(4500), "{:?}", run.elapsed);
}

#[test]
fn a_full_line_is_left_to_one_connection_but_for_a_try_now_and_then() {
    let line = Line { latency: Duration::from_millis(1), bandwidth: 1e6, ..Line::far() };

    let run = line.run(Concurrency::new(16), 40, 1_000_000);

    assert!(run.last <= 2, "{}", run.last);
    let alone = line.file(1_000_000, 1) * 40;
    assert!(run.elapsed < alone.mul_f64(1.2), "{:?} beside {alone:?}", run.elapsed);
}

#[test]
fn a_busy_server_gets_no_more_connections_than_help() {
    let work = Duration::from_millis(20);
    let line = Line { latency: Duration::from_millis(1), bandwidth: 1e9, work, cores: 4.0 };

    let run = line.run(Concurrency::new(16), 4000, 4096);

    assert!((3..=8).contains(&run.last), "{}", run.last);
}

#[test]
fn what_is_soon_done_gets_no_connection_more() {
    let line = Line { latency: Duration::from_millis(1), ..Line::far() };

    assert_eq!(line.run(Concurrency::new(16), 100, 4096).most, 1);
}

#[test]
fn a_server_that_takes_no_more_is_asked_for_no_more() {
    let now = Instant::now();
    let mut concurrency = Concurrency::new(16);
    concurrency.found(WorkAmount { files: 1000, bytes: 0 });
    concurrency.works(0, now);
    assert!(concurrency.moved(WorkAmount::file(1), now + Duration::from_millis(100)));
    assert_eq!(concurrency.allowed(), 4);

    concurrency.limit(2);
    concurrency.works(1, now);
    for second in 1..9 {
        concurrency.moved(WorkAmount::file(1).times(100 * second), now + Duration::from_secs(second));
    }

    assert_eq!(concurrency.allowed(), 2);
}

#[test]
fn bytes_count_where_no_file_ends() {
    let now = Instant::now();
    let mut concurrency = Concurrency::careful(4);
    concurrency.found(WorkAmount::bytes(1 << 40));
    concurrency.works(0, now);

    assert!(!concurrency.moved(WorkAmount::bytes(1 << 20), now + Duration::from_millis(100)));
    assert!(concurrency.moved(WorkAmount::bytes(1 << 20), now + Duration::from_millis(600)));

    assert_eq!(concurrency.allowed(), 2);
}

#[test]
fn a_step_that_brought_nothing_is_tried_again_after_a_pause() {
    let mut now = Instant::now();
    let mut concurrency = Concurrency::careful(4);
    concurrency.found(WorkAmount::bytes(1 << 40));
    let mut seen = Vec::new();
    for _ in 0..20 {
        for rank in 0..concurrency.allowed() {
            concurrency.works(rank, now);
        }
        now += Duration::from_millis(600);
        concurrency.moved(WorkAmount::bytes(1 << 20), now);
        seen.push(concurrency.allowed());
    }

    assert_eq!(seen[..4], [2, 2, 1, 1]);
    assert!(seen[4..].contains(&2), "{seen:?}");
}

impl WorkAmount {
    fn times(self, factor: u64) -> Self {
        Self { files: self.files * factor, bytes: self.bytes * factor }
    }
}
