//! Tests of the concurrency with simulated networks and servers.

use std::collections::BTreeSet;

use super::*;

/// A simulated network with a server.
struct Network {
    /// The delay of each file, and half of the time to open a connection.
    latency: Duration,
    /// Bytes per second, shared by all connections.
    bandwidth: f64,
    /// The server's computing time for each file.
    work: Duration,
    /// The number of files that the server processes at once.
    cores: f64,
}

/// The result of a simulated transfer.
struct Run {
    elapsed: Duration,
    most: usize,
    last: usize,
}

impl Network {
    fn far() -> Self {
        Self { latency: Duration::from_millis(120), bandwidth: 1e9, work: Duration::ZERO, cores: 2.0 }
    }

    /// Returns the time of a file while this many connections transfer.
    fn file(&self, size: u64, connections: usize) -> Duration {
        let share = connections as f64;
        let bandwidth = Duration::from_secs_f64(size as f64 * share / self.bandwidth);
        let server = self.work.mul_f64((share / self.cores).max(1.0));
        self.latency + bandwidth + server
    }

    /// Transfers files over as many connections as [`Concurrency`] allows.
    fn run(&self, mut concurrency: Concurrency, files: u64, size: u64) -> Run {
        let start = Instant::now();
        concurrency.found(WorkAmount { files, bytes: files * size });
        // The times at which each connection has opened or has finished its file, with its rank.
        let mut busy = BTreeSet::from([(start, 0, false)]);
        let mut present = BTreeSet::from([0]);
        let (mut waiting, mut now, mut most) = (files, start, 1);
        while let Some((done_at, rank, had_file)) = busy.pop_first() {
            now = done_at;
            concurrency.works(rank, now);
            if had_file {
                concurrency.moved(WorkAmount::file(size), now);
            }
            most = most.max(concurrency.allowed());
            let wanted = if waiting > 0 { concurrency.allowed() } else { 0 };
            for new in (0..wanted).filter(|rank| present.insert(*rank)) {
                busy.insert((now + self.latency * 2, new, false));
            }
            if rank >= concurrency.allowed() || waiting == 0 {
                present.remove(&rank);
                continue;
            }
            waiting -= 1;
            concurrency.started(WorkAmount::file(size));
            busy.insert((now + self.file(size, concurrency.allowed()), rank, true));
        }
        Run { elapsed: now - start, most, last: concurrency.allowed() }
    }
}

#[test]
fn small_files_over_high_latency_use_all_connections() {
    let run = Network::far().run(Concurrency::new(16), 500, 4096);

    assert_eq!(run.most, 16);
    // Connecting, logging in and listing take another half second.
    assert!(run.elapsed < Duration::from_millis(4500), "{:?}", run.elapsed);
}

#[test]
fn full_bandwidth_keeps_concurrency_at_one() {
    let network = Network { latency: Duration::from_millis(1), bandwidth: 1e6, ..Network::far() };

    let run = network.run(Concurrency::new(16), 40, 1_000_000);

    assert!(run.last <= 2, "{}", run.last);
    let alone = network.file(1_000_000, 1) * 40;
    assert!(run.elapsed < alone.mul_f64(1.2), "{:?} beside {alone:?}", run.elapsed);
}

#[test]
fn busy_server_limits_concurrency() {
    let work = Duration::from_millis(20);
    let network = Network { latency: Duration::from_millis(1), bandwidth: 1e9, work, cores: 4.0 };

    let run = network.run(Concurrency::new(16), 4000, 4096);

    assert!((3..=8).contains(&run.last), "{}", run.last);
}

#[test]
fn short_transfer_adds_no_connection() {
    let network = Network { latency: Duration::from_millis(1), ..Network::far() };

    assert_eq!(network.run(Concurrency::new(16), 100, 4096).most, 1);
}

#[test]
fn costly_logins_need_much_remaining_work() {
    let steps = |login_cost: u64, files: u64| {
        let now = Instant::now();
        let mut concurrency = Concurrency::new(16);
        concurrency.login_costs(Duration::from_millis(login_cost));
        concurrency.found(WorkAmount { files, bytes: 0 });
        concurrency.works(0, now);
        // Ten files a second.
        concurrency.moved(WorkAmount::file(0), now + Duration::from_millis(100));
        concurrency.allowed()
    };

    assert_eq!(steps(0, 100), 4);
    assert_eq!(steps(4000, 100), 1, "10 s of work are not worth 4 s of login");
    assert_eq!(steps(4000, 1000), 2, "100 s are worth one");
    assert_eq!(steps(4000, 10_000), 4, "1000 s are worth three");
}

#[test]
fn connection_limit_of_the_server_limits_concurrency() {
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
fn concurrency_is_measured_by_bytes_within_a_file() {
    let now = Instant::now();
    let mut concurrency = Concurrency::careful(4);
    concurrency.found(WorkAmount::bytes(1 << 40));
    concurrency.works(0, now);

    assert!(!concurrency.moved(WorkAmount::bytes(1 << 20), now + Duration::from_millis(100)));
    assert!(!concurrency.moved(WorkAmount::bytes(1 << 20), now + Duration::from_millis(600)));
    assert!(concurrency.moved(WorkAmount::bytes(2 << 20), now + Duration::from_millis(1200)));

    assert_eq!(concurrency.allowed(), 2);
}

/// A file over 50 ms: the rate doubles for twelve round trips, and less than two seconds are left then.
#[test]
fn concurrency_is_not_raised_in_slow_start() {
    let (mut now, round_trip) = (Instant::now(), Duration::from_millis(50));
    let mut concurrency = Concurrency::careful(16);
    let (size, full_rate) = (768_u64 << 20, 340_u64 << 20);
    concurrency.found(WorkAmount::bytes(size));
    concurrency.works(0, now);
    let (mut moved, mut bytes) = (0, (full_rate / 20) >> 12);
    while moved < size {
        now += round_trip;
        concurrency.started(WorkAmount::bytes(bytes));
        concurrency.moved(WorkAmount::bytes(bytes), now);
        moved += bytes;
        bytes = (bytes * 2).min(full_rate / 20);
    }

    assert_eq!(concurrency.allowed(), 1);
}

#[test]
fn concurrency_step_without_gain_is_retried_later() {
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

    assert_eq!(seen[..5], [1, 2, 2, 1, 1]);
    assert!(seen[5..].contains(&2), "{seen:?}");
}

impl WorkAmount {
    fn times(self, factor: u64) -> Self {
        Self { files: self.files * factor, bytes: self.bytes * factor }
    }
}
