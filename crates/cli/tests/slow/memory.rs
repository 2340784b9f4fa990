//! Files of 4 GiB: memory use, and offsets beyond 32 bits.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, UNIX_EPOCH},
};

use oxftp_testing::{
    servers::{Protection, ServerKind, TestServer, available},
    tree_server::{Answer, RunningTreeServer, TreeServer},
};

#[tokio::test]
async fn four_gib_transfers_in_12_mib_of_memory() {
    let Some(server) = available(ServerKind::Vsftpd.start(Protection::Plain).await) else { return };
    let local = tempfile::tempdir().unwrap();
    let (there, here) = (server.root().join("huge"), local.path().join("huge"));
    sparse(&there);

    let memory = run(&["get", "-o", path(&here), &url(&server, "huge")]);
    assert!(memory < MAX_MEMORY, "the download took {memory} KiB");
    check(&here);

    // The missing part of the download is beyond 4 GiB.
    let part = local.path().join("cut.oxftp.part");
    std::fs::rename(&here, &part).unwrap();
    File::options().write(true).open(&part).unwrap().set_len(SIZE - TAIL).unwrap();
    run(&["get", "-c", "-o", path(&local.path().join("cut")), &url(&server, "huge")]);
    check(&local.path().join("cut"));

    std::fs::remove_file(&there).unwrap();
    let memory = run(&["put", path(&local.path().join("cut")), &url(&server, "huge")]);
    assert!(memory < MAX_MEMORY, "the upload took {memory} KiB");
    check(&there);

    File::options().write(true).open(&there).unwrap().set_len(SIZE - TAIL).unwrap();
    run(&["put", "-c", path(&local.path().join("cut")), &url(&server, "huge")]);
    check(&there);
}

/// A directory with a million files: its listing and the queue of its files are held compactly. No file is sent: the
/// server ends the session, and accepts no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn million_files_are_downloaded_in_96_mib() {
    let local = tempfile::tempdir().unwrap();
    let server = server_of_million("RETR").await;

    let words = ["get", "-r", "--retries", "0", "-o", path(local.path()), &url_of(&server)];
    let (memory, success) = peak(&words).await;

    assert!(!success && server.count("RETR d/report-") > 0, "{:?}", server.commands());
    assert!(memory < MIB_96, "the tree took {memory} KiB");
}

/// As above: nothing is at the target of the first two mirrors, and everything at that of the third.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn million_files_are_mirrored_in_96_mib() {
    let (full, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let modified = UNIX_EPOCH + Duration::from_secs(1_704_164_645);
    for number in 0..MILLION {
        let file = File::create(full.path().join(name(number))).unwrap();
        file.set_len(1000).unwrap();
        file.set_modified(modified).unwrap();
    }

    let server = server_of_million("RETR").await;
    let words = ["mirror", "--retries", "0", &url_of(&server), path(empty.path())];
    let (down, success) = peak(&words).await;
    assert!(!success && server.count("RETR d/report-") > 0, "{:?}", server.commands());

    let server = server_ending_at("STOR", TreeServer::of(["d/"]), String::new()).await;
    let words = ["mirror", "--retries", "0", path(full.path()), &url_of(&server)];
    let (up, success) = peak(&words).await;
    assert!(!success && server.count("STOR d/report-") > 0, "{:?}", server.commands());

    let server = server_of_million("RETR").await;
    let words = ["mirror", "--retries", "0", "--delete", &url_of(&server), path(full.path())];
    let (both, success) = peak(&words).await;
    assert!(success && server.count("RETR") == 0, "{:?}", server.commands());

    assert!([down, up, both].iter().all(|memory| *memory < MIB_96), "{down}, {up} and {both} KiB");
}

/// Long names that have nothing in common, neither with each other nor with those of the other side.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_names_are_spilled_within_96_mib() {
    let local = tempfile::tempdir().unwrap();
    let server = server_ending_at("RETR", TreeServer::of(["d/"]), lines_of_long_names(0)).await;
    let other = server_ending_at("RETR", TreeServer::of(["d/"]), lines_of_long_names(1)).await;

    let words = ["mirror", "--dry-run", "--quiet", "--delete", &url_of(&server), &url_of(&other)];
    let (compared, success) = peak(&words).await;
    assert!(success, "{:?}", server.commands());

    let words = ["get", "-r", "--retries", "0", "-o", path(local.path()), &url_of(&server)];
    let (downloaded, success) = peak(&words).await;
    assert!(!success && server.count("RETR d/") > 0, "{:?}", server.commands());

    assert!(compared < MIB_96 && downloaded < MIB_64, "{compared} and {downloaded} KiB");
}

/// Ten thousand directories with a hundred files each. All are compared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mirror_of_10_000_directories_takes_96_mib() {
    let local = tempfile::tempdir().unwrap();
    let new = local.path().join("new");
    let directories: String = (0..10_000).map(|number| format!("type=dir; month-{number:05}\r\n")).collect();
    let server = TreeServer::of(["d/"])
        .deviating(move |request| match (request.verb, request.argument) {
            ("MLST", _) => Some(Answer::reply("250-Listing\r\n type=dir; d\r\n250 End")),
            ("MLSD", "d") => Some(Answer::lines(directories.clone())),
            ("MLSD", path) => {
                Some(Answer::lines(lines_of(100).replace("report", path.trim_start_matches("d/"))))
            }
            _ => None,
        })
        .start()
        .await;

    let words = ["mirror", "--dry-run", "--quiet", &url_of(&server), path(&new)];
    let (memory, success) = peak(&words).await;

    assert!(success, "{:?}", server.commands().last());
    assert_eq!(server.count("MLSD d/month-"), 10_000);
    assert!(memory < MIB_96, "the tree took {memory} KiB");
}

/// Starts a server with a million files in the directory `d`, which ends the session at this command.
async fn server_of_million(last: &'static str) -> RunningTreeServer {
    server_ending_at(last, TreeServer::of(["d/"]), lines_of(MILLION)).await
}

/// Starts a server with these lines in the directory `d`, which ends the session at this command.
async fn server_ending_at(last: &'static str, server: TreeServer, lines: String) -> RunningTreeServer {
    let is_closed = AtomicBool::new(false);
    let server = server.deviating(move |request| match request.verb {
        "USER" if is_closed.load(Ordering::Relaxed) => Some(Answer::reply("530 closed")),
        "MLST" => Some(Answer::reply("250-Listing\r\n type=dir; d\r\n250 End")),
        "MLSD" => Some(Answer::lines(lines.clone())),
        verb if verb == last => {
            is_closed.store(true, Ordering::Relaxed);
            Some(Answer::HangUp)
        }
        _ => None,
    });
    server.start().await
}

fn lines_of(files: u32) -> String {
    (0..files)
        .map(|number| format!("type=file;size=1000;modify=20240102030405; {}\r\n", name(number)))
        .collect()
}

/// Returns lines with names of 224 bytes, in no order.
fn lines_of_long_names(seed: u64) -> String {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    };
    let mut name = || (0..14).map(|_| format!("{:016x}", next())).collect::<String>();
    (0..LONG_NAMES).map(|_| format!("type=file;size=1000;modify=20240102030405; {}\r\n", name())).collect()
}

fn name(number: u32) -> String {
    format!("report-{number:07}.dat")
}

fn url_of(server: &RunningTreeServer) -> String {
    format!("ftp://{}/d", server.address())
}

/// Runs the program; returns its peak memory in KiB, and whether it succeeded.
async fn peak(words: &[&str]) -> (u64, bool) {
    let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
    let watching = tokio::task::spawn_blocking(move || {
        let mut child = Command::new(env!("CARGO_BIN_EXE_oxftp"))
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        (watch(&mut child, "VmHWM:"), child.wait().unwrap().success())
    });
    watching.await.unwrap()
}

/// Runs the program successfully; returns its peak memory in KiB.
///
/// The pages of the program's own file are not counted: a debug build has many.
fn run(arguments: &[&str]) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oxftp"))
        .args(arguments)
        .env("OXFTP_PASSWORD", "any")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let memory = watch(&mut child, "RssAnon:");
    assert!(child.wait().unwrap().success(), "{arguments:?}");
    memory
}

/// Returns the largest value, in KiB, that a field of a process's status had until the process ended.
fn watch(child: &mut Child, field: &str) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let value = text.lines().find_map(|line| line.strip_prefix(field));
        let kibibytes =
            value.and_then(|value| value.trim().strip_suffix(" kB")).and_then(|value| value.parse().ok());
        most = most.max(kibibytes.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(most > 0, "the memory was never seen");
    most
}

/// Creates a sparse file with marks before and after 4 GiB.
fn sparse(path: &Path) {
    let mut file = File::create(path).unwrap();
    for &(at, mark) in MARKS {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(mark.as_slice()).unwrap();
    }
    assert_eq!(file.metadata().unwrap().len(), SIZE);
}

fn check(path: &Path) {
    let mut file = File::open(path).unwrap();
    assert_eq!(file.metadata().unwrap().len(), SIZE, "{}", path.display());
    for &(at, mark) in MARKS {
        let mut found = [0; 8];
        file.seek(SeekFrom::Start(at)).unwrap();
        file.read_exact(&mut found).unwrap();
        assert_eq!(&found, mark, "at {at} of {}", path.display());
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn url(server: &TestServer, name: &str) -> String {
    format!("ftp://{}@{}/{name}", server.user(), server.address())
}

const GIB4: u64 = 4 << 30;
const SIZE: u64 = GIB4 + 1000;
/// Size of the part that resumed transfers must transfer: it begins beyond 4 GiB.
const TAIL: u64 = 900;
const MAX_MEMORY: u64 = 12 * 1024;
const MIB_96: u64 = 96 * 1024;
const MIB_64: u64 = 64 * 1024;
const MILLION: u32 = 1_000_000;
/// Of 224 bytes each: both sides of a mirror have more than 96 MiB while they are sorted.
const LONG_NAMES: u32 = 200_000;
const MARKS: &[(u64, &[u8; 8])] = &[
    (0, b"the head"),
    (GIB4 / 2, b"the half"),
    (GIB4 - 4, b"the edge"),
    (SIZE - TAIL, b"the tail"),
    (SIZE - 8, b"the end."),
];
