//! Times of mirrors from servers that show them without a zone: a second mirror transfers nothing, and a changed file
//! is found.

use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use oxftp::{
    Credentials, Pool, Report, Timestamp,
    mirror::{Compare, Delete},
};
use oxftp_testing::memory::{Item, MemoryServer, ServerBehaviour};

use crate::common::{local_files::create_file, scripts};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn pool(server: &MemoryServer) -> Pool {
    Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(2)
}

/// Returns the start of the present day.
fn today() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() / DAY * DAY
}

fn month(time: &Timestamp) -> &'static str {
    MONTHS[usize::from(time.month()) - 1]
}

/// Formats the line of `ls -l` with this date.
fn unix(name: &str, item: &Item, date: &str) -> String {
    let kind = if item.is_directory() { 'd' } else { '-' };
    format!("{kind}rw-r--r-- 1 ann staff {:>8} {date} {name}", item.size())
}

/// A server whose clock shows `offset` seconds more than UTC, and lists the minute.
fn minutes(offset: i64) -> ServerBehaviour {
    ServerBehaviour::list_only().listing(move |name, item| {
        let time = Timestamp::from_unix(item.modified + offset, 0).unwrap();
        let date = format!("{} {:>2} {:02}:{:02}", month(&time), time.day(), time.hour(), time.minute());
        unix(name, item, &date)
    })
}

/// A server that lists the day alone.
fn days() -> ServerBehaviour {
    ServerBehaviour::list_only().listing(|name, item| {
        let time = Timestamp::from_unix(item.modified, 0).unwrap();
        unix(name, item, &format!("{} {:>2}  {}", month(&time), time.day(), time.year()))
    })
}

/// A server that lists in EPLF, without times.
fn no_date() -> ServerBehaviour {
    ServerBehaviour::list_only().listing(|name, item| match item.is_directory() {
        true => format!("+/,\t{name}"),
        false => format!("+r,s{},\t{name}", item.size()),
    })
}

/// A server that lists like the `DIR` of Windows.
fn dos(offset: i64) -> ServerBehaviour {
    ServerBehaviour::list_only().listing(move |name, item| {
        let time = Timestamp::from_unix(item.modified + offset, 0).unwrap();
        let (hour, half) = (time.hour(), if time.hour() < 12 { "AM" } else { "PM" });
        let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
        let (year, minute) = (time.year() % 100, time.minute());
        let date = format!("{:02}-{:02}-{year:02}  {hour:02}:{minute:02}{half}", time.month(), time.day());
        match item.is_directory() {
            true => format!("{date}       <DIR>          {name}"),
            false => format!("{date} {:>20} {name}", item.size()),
        }
    })
}

async fn mirror(server: &MemoryServer, target: &Path) -> Report {
    pool(server).mirror_down("site", target).delete(Delete::After).await.unwrap()
}

/// Mirrors twice, then a third time after a change that only the listed time shows.
async fn check(behaviour: ServerBehaviour, step: i64) {
    let (server, local) = (MemoryServer::start(behaviour).await, tempfile::tempdir().unwrap());
    let old = today() - 40 * DAY + 7 * HOUR + 125;
    server.add_file("site/a", "one", old);
    server.add_file("site/b", "two", old + 17 * HOUR);
    server.add_file("site/sub/c", "three", old + 2 * DAY);

    let [first, second] = [mirror(&server, local.path()).await, mirror(&server, local.path()).await];
    server.add_file("site/a", "ONE", old + step);
    let [third, fourth] = [mirror(&server, local.path()).await, mirror(&server, local.path()).await];

    let counts = [first, second, third, fourth].map(|report| (report.files, report.unchanged));
    assert_eq!(counts, [(3, 0), (0, 3), (1, 2), (0, 3)]);
    assert_eq!(fs::read(local.path().join("a")).unwrap(), b"ONE");
}

#[tokio::test]
async fn second_mirror_by_listed_minutes_transfers_nothing() {
    for offset in [0, 9 * HOUR, -7 * HOUR, 5 * HOUR + 1800, 14 * HOUR] {
        for step in [60, HOUR, -HOUR, DAY] {
            check(minutes(offset), step).await;
        }
    }
}

#[tokio::test]
async fn second_mirror_by_listed_days_transfers_nothing() {
    for step in [DAY, -DAY, 10 * DAY] {
        check(days(), step).await;
    }
}

#[tokio::test]
async fn second_mirror_by_dos_listing_transfers_nothing() {
    for offset in [0, 9 * HOUR, -7 * HOUR] {
        check(dos(offset), HOUR).await;
    }
}

#[tokio::test]
async fn mirror_without_any_listed_date_compares_sizes() {
    let (server, local) = (MemoryServer::start(no_date()).await, tempfile::tempdir().unwrap());
    server.add_file("site/a", "one", 0);
    server.add_file("site/b", "two", 0);

    let [first, second] = [mirror(&server, local.path()).await, mirror(&server, local.path()).await];
    server.add_file("site/a", "longer", 0);
    let third = mirror(&server, local.path()).await;

    let counts = [first, second, third].map(|report| (report.files, report.unchanged));
    assert_eq!(counts, [(2, 0), (0, 2), (1, 1)]);
}

/// Most servers show the minute for young files, and only the day for older ones.
#[tokio::test]
async fn mirror_of_aging_files_transfers_nothing() {
    for offset in [0, 9 * HOUR] {
        let (server, local) = (MemoryServer::start(minutes(offset)).await, tempfile::tempdir().unwrap());
        server.add_file("site/a", "one", today() - 170 * DAY + 23 * HOUR + 59 * 60);
        server.add_file("site/b", "two", today() - 170 * DAY);
        mirror(&server, local.path()).await;

        server.change(|behaviour| {
            behaviour.list_line = ServerBehaviour::list_only()
                .listing(move |name, item| {
                    let time = Timestamp::from_unix(item.modified + offset, 0).unwrap();
                    unix(name, item, &format!("{} {:>2}  {}", month(&time), time.day(), time.year()))
                })
                .list_line;
        });

        assert_eq!(mirror(&server, local.path()).await.files, 0, "{offset}");
    }
}

#[tokio::test]
async fn mirror_of_newer_files_follows_listed_minutes() {
    let (server, local) = (MemoryServer::start(minutes(9 * HOUR)).await, tempfile::tempdir().unwrap());
    let old = today() - 40 * DAY;
    server.add_file("site/a", "one", old);
    let run =
        || async { pool(&server).mirror_down("site", local.path()).compare(Compare::Newer).await.unwrap() };

    let mut counts = Vec::new();
    for time in [old, old, old + 60, old - 60] {
        server.add_file("site/a", "two", time);
        counts.push(run().await.files);
    }

    assert_eq!(counts, [1, 0, 1, 0]);
}

/// Files with a time of another origin are not transferred for a difference that a zone explains.
#[tokio::test]
async fn copy_with_exact_time_is_unchanged() {
    let (server, local) = (MemoryServer::start(minutes(9 * HOUR)).await, tempfile::tempdir().unwrap());
    let old = today() - 40 * DAY;
    server.add_file("site/a", "one", old);
    create_file(local.path(), "a", "one");
    let file = fs::File::options().write(true).open(local.path().join("a")).unwrap();
    let exact = u64::try_from(old).unwrap() + 25;
    file.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(exact)).unwrap();

    assert_eq!(mirror(&server, local.path()).await.unchanged, 1);
}

/// A server without `MDTM` is asked for a time once, not for each file.
#[tokio::test]
async fn missing_mdtm_is_noticed_once() {
    let (server, local) = (MemoryServer::start(days()).await, tempfile::tempdir().unwrap());
    for number in 0..20 {
        server.add_file(&format!("site/{number}"), "x", today() - 400 * DAY);
    }
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);
    for _ in 0..2 {
        pool.mirror_down("site", local.path()).await.unwrap();
    }

    let asked = server.commands().iter().filter(|command| command.starts_with("MDTM")).count();
    assert_eq!(asked, 1);
}

/// If `MDTM` works, the zone is measured with it, and the directory is not listed again for that.
#[tokio::test]
async fn mirror_measures_zone_from_its_own_listing() {
    let mut behaviour = minutes(9 * HOUR);
    behaviour.refused.retain(|command| *command != "MDTM");
    let (server, local) = (MemoryServer::start(behaviour).await, tempfile::tempdir().unwrap());
    for number in 0..5 {
        server.add_file(&format!("site/{number}"), "x", today() - 40 * DAY + number * 61);
    }

    mirror(&server, local.path()).await;
    let _ = server.commands();
    let second = mirror(&server, local.path()).await;

    assert_eq!((second.files, second.unchanged), (0, 5));
    let commands = server.commands();
    let count = |verb: &str| commands.iter().filter(|command| command.starts_with(verb)).count();
    assert_eq!((count("LIST"), count("MDTM")), (1, 3), "{commands:?}");
    let exact = fs::metadata(local.path().join("1")).unwrap().modified().unwrap();
    let exact = exact.duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(i64::try_from(exact).unwrap(), today() - 40 * DAY + 61);
}

/// The command that sets times is refused for each file, or has no effect, or `MLSD` shows local times as UTC.
#[tokio::test]
async fn times_that_are_not_kept_upload_nothing_again() {
    let refused =
        ServerBehaviour { replies: &[("MFMT", "550 Not permitted.")], ..ServerBehaviour::default() };
    let ignored = ServerBehaviour {
        replies: &[("MFMT", "213 Modify=20200102030405; a")],
        ..ServerBehaviour::default()
    };
    let local = ServerBehaviour::default().facts(|name, item| {
        let kind = if item.is_directory() { "dir" } else { "file" };
        let time = Timestamp::from_unix(item.modified + 2 * HOUR, 0).unwrap().to_mlsx();
        format!("type={kind};size={};modify={time}; {name}", item.size())
    });
    let cases = [("refused", refused), ("ignored", ignored), ("local", local)];
    for (age, (case, behaviour)) in
        [100 * DAY, 3].into_iter().flat_map(|age| cases.clone().map(|case| (age, case)))
    {
        let now = today();
        let server = MemoryServer::start(ServerBehaviour { now, ..behaviour }).await;
        let local = tempfile::tempdir().unwrap();
        for name in ["a", "sub/b"] {
            create_file(local.path(), name, "content");
            let file = fs::File::options().write(true).open(local.path().join(name)).unwrap();
            let old = u64::try_from(now - age).unwrap();
            file.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(old)).unwrap();
        }

        assert_eq!(pool(&server).mirror_up(local.path(), "up").await.unwrap().files, 2, "{case}");
        let again = pool(&server).mirror_up(local.path(), "up").await.unwrap();
        assert_eq!((again.files, again.unchanged), (0, 2), "{case}: {:?}", server.commands());

        create_file(local.path(), "a", "another content");
        assert_eq!(pool(&server).mirror_up(local.path(), "up").await.unwrap().files, 1, "{case}");
    }
}
