//! Servers that only store, and servers whose names are not UTF-8.

use std::{collections::BTreeSet, fs, path::Path};

use oxftp_testing::{
    memory::{MemoryServer, ServerBehaviour},
    profiles,
};
use tokio::runtime::Runtime;

use crate::common::{Run, oxftp, run};

/// A server, and a directory in which the program runs.
struct Session {
    _runtime: Runtime,
    server: MemoryServer,
    local: tempfile::TempDir,
}

impl Session {
    fn start(behaviour: ServerBehaviour) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(MemoryServer::start(behaviour));
        Self { _runtime: runtime, server, local: tempfile::tempdir().unwrap() }
    }

    /// Runs the program; `@` stands for the URL of the root.
    fn run(&self, words: &[&str]) -> Run {
        let url = format!("ftp://{}/", self.server.address());
        let words: Vec<_> = words.iter().map(|word| word.replace('@', &url)).collect();
        let run = run(oxftp(&words).args(["--timeout", "10"]).current_dir(self.local.path()));
        assert_eq!(run.code, Some(0), "{words:?}: {} {:?}", run.stderr, self.server.commands());
        run
    }
}

/// A print server: it takes files, and refuses all other commands about them with `refusal`.
fn store_only(refusal: &'static str) -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 JD FTP Server Ready",
        system: "HP JetDirect",
        refused: vec![
            "ALLO", "APPE", "CDUP", "CWD", "DELE", "EPSV", "FEAT", "LIST", "MDTM", "MFMT", "MKD", "MLSD",
            "MLST", "NLST", "OPTS", "PWD", "REST", "RETR", "RMD", "RNFR", "RNTO", "SITE", "SIZE", "STAT",
        ],
        unknown: refusal,
        ..ServerBehaviour::default()
    }
}

#[test]
fn put_works_where_files_are_only_stored() {
    for refusal in ["500 Command not recognized", "502 Command not implemented.", "550 Permission denied."] {
        let session = Session::start(store_only(refusal));
        fs::write(session.local.path().join("a.ps"), "first page").unwrap();
        fs::write(session.local.path().join("b.ps"), "second page").unwrap();

        let put = session.run(&["put", "a.ps", "b.ps", "@"]);
        session.run(&["put", "a.ps", "@"]);
        session.run(&["put", "a.ps", "@PORT1"]);

        assert_eq!(put.code, Some(0), "{refusal}: {}", put.stderr);
        let warnings = put.stderr.lines().collect::<Vec<_>>();
        assert!(
            matches!(warnings[..], [one] if one.starts_with("warning: uploads are not verified: ")),
            "{warnings:?}"
        );
        assert_eq!(session.server.content("a.ps").as_deref(), Some("first page"));
        assert_eq!(session.server.content("b.ps").as_deref(), Some("second page"));
        assert_eq!(session.server.content("PORT1").as_deref(), Some("first page"));
    }
}

#[test]
fn stored_upload_is_not_repeated_for_its_time() {
    let behaviour = (profiles::find("bsd_ftpd").unwrap().behaviour)();
    let session = Session::start(ServerBehaviour { ends_after_transfer: true, ..behaviour });
    let tree = session.local.path().join("t");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("a"), "one").unwrap();
    fs::write(tree.join("b"), "two").unwrap();

    session.run(&["mirror", "-j", "1", "t", "@u"]);

    assert_eq!(session.server.content("u/b").as_deref(), Some("two"));
    let commands = session.server.commands();
    let uploads = commands.iter().filter(|line| line.starts_with("STOR")).count();
    assert_eq!(uploads, 2, "{commands:?}");
}

#[test]
fn mirror_with_delete_survives_end_after_each_listing() {
    let session = Session::start((profiles::find("ends_after_listing").unwrap().behaviour)());
    let tree = session.local.path().join("t/sub/deep");
    fs::create_dir_all(&tree).unwrap();
    fs::write(tree.join("a"), "one").unwrap();
    session.server.add_file("u/old", "old", 0);
    session.server.add_file("u/sub/older/b", "old", 0);

    let mirror = session.run(&["mirror", "--delete", "t", "@u"]);
    let removed = session.run(&["rm", "-r", "@u/sub"]);

    for run in [mirror, removed] {
        assert!(!run.stderr.contains("no room"), "{}", run.stderr);
    }
    assert_eq!(session.server.paths(), ["u/"]);
}

#[test]
fn every_verb_may_come_first_with_absolute_paths() {
    let session = Session::start((profiles::find("absolute_paths_only").unwrap().behaviour)());
    ["a", "t/b", "t/c", "t/sub/d", "e"].into_iter().for_each(|path| session.server.add_file(path, "one", 0));
    fs::write(session.local.path().join("new"), "new").unwrap();

    session.run(&["mv", "@a", "@a2"]);
    session.run(&["mv", "@t/b", "@t/b2"]);
    session.run(&["mkdir", "@n"]);
    session.run(&["mkdir", "@t/n"]);
    session.run(&["mkdir", "-p", "@p/q/r"]);
    session.run(&["put", "new", "@t/new"]);
    session.run(&["get", "-d", "back", "@a2"]);
    assert_eq!(session.run(&["cat", "@t/c"]).stdout(), "one");
    assert_eq!(session.run(&["ls", "@t/sub"]).stdout(), "d\n");
    session.run(&["mirror", "@t", "m"]);
    session.run(&["rm", "@e"]);
    session.run(&["rm", "-r", "@t/sub"]);
    session.run(&["rmdir", "@n"]);

    let expected = ["a2", "p/", "p/q/", "p/q/r/", "t/", "t/b2", "t/c", "t/n/", "t/new"];
    assert_eq!(session.server.paths(), expected);
}

#[test]
fn every_verb_may_come_first_from_the_root() {
    let absolute = (profiles::find("absolute_paths_only").unwrap().behaviour)();
    let session = Session::start(ServerBehaviour {
        home: "home/ann",
        missing: "550 No such file or directory",
        ..absolute
    });
    ["a", "t/b", "t/sub/d"]
        .iter()
        .for_each(|path| session.server.add_file(&format!("home/ann/{path}"), "one", 0));

    session.run(&["mv", "@a", "@a2"]);
    session.run(&["mv", "@t/b", "@t/b2"]);
    session.run(&["mkdir", "-p", "@p/q/r"]);
    session.run(&["rm", "-r", "@t/sub"]);

    let below: Vec<_> = session.server.paths().into_iter().skip(2).collect();
    assert_eq!(
        below,
        ["home/ann/a2", "home/ann/p/", "home/ann/p/q/", "home/ann/p/q/r/", "home/ann/t/", "home/ann/t/b2"]
    );
}

#[test]
fn type_that_a_listing_resets_is_sent_again() {
    let bsd = (profiles::find("bsd_ftpd").unwrap().behaviour)();
    let session = Session::start(ServerBehaviour { listing_resets_type: true, ..bsd });
    ["t/a", "t/sub/b"].iter().for_each(|path| session.server.add_file(path, "one\ntwo\n", 1_577_966_400));

    session.run(&["get", "@t/a"]);
    session.run(&["get", "-r", "@t"]);
    session.run(&["mirror", "@t", "m"]);

    for path in ["a", "t/a", "t/sub/b", "m/a", "m/sub/b"] {
        assert_eq!(fs::read_to_string(session.local.path().join(path)).unwrap(), "one\ntwo\n", "{path}");
    }
}

#[test]
fn type_that_an_upload_resets_is_sent_again() {
    let bsd = (profiles::find("bsd_ftpd").unwrap().behaviour)();
    let session = Session::start(ServerBehaviour { upload_resets_type: true, ..bsd });
    let tree = session.local.path().join("t");
    fs::create_dir(&tree).unwrap();
    ["a", "b"].iter().for_each(|name| fs::write(tree.join(name), "one\r\ntwo\r\n").unwrap());

    session.run(&["put", "-r", "-j", "1", "t", "@"]);
    session.run(&["mirror", "-j", "1", "t", "@u"]);

    for path in ["t/a", "t/b", "u/a", "u/b"] {
        assert_eq!(session.server.content(path).as_deref(), Some("one\r\ntwo\r\n"), "{path}");
    }
}

#[test]
fn longer_files_are_replaced_where_stor_keeps_ends() {
    let bsd = (profiles::find("bsd_ftpd").unwrap().behaviour)();
    let session = Session::start(ServerBehaviour { upload_keeps_end: true, ..bsd });
    let tree = session.local.path().join("t");
    fs::create_dir(&tree).unwrap();
    ["a", "b"].iter().for_each(|name| fs::write(tree.join(name), "short").unwrap());
    for directory in ["", "t/", "u/"] {
        ["a", "b"]
            .iter()
            .for_each(|name| session.server.add_file(&format!("{directory}{name}"), "the longer one", 0));
    }

    session.run(&["put", "-j", "1", "t/a", "t/b", "@"]);
    session.run(&["put", "-r", "-j", "1", "t", "@"]);
    session.run(&["mirror", "-j", "1", "t", "@u"]);

    for path in ["a", "b", "t/a", "t/b", "u/a", "u/b"] {
        assert_eq!(session.server.content(path).as_deref(), Some("short"), "{path}");
    }
    // The first file is sent three times until that is certain; the second is deleted before its only upload.
    let commands = session.server.commands();
    let uploads = commands.iter().filter(|line| line.starts_with("STOR")).count();
    assert!(uploads <= 12, "{commands:?}");
}

#[test]
fn empty_directories_are_removed_after_421() {
    let session = Session::start((profiles::find("ends_after_listing_with_421").unwrap().behaviour)());

    session.run(&["mkdir", "-p", "@p/q/r"]);
    session.run(&["rm", "-r", "@p"]);

    assert_eq!(session.server.paths(), [""; 0]);
}

/// Names as bytes, in Latin-1, CP437, KOI8-R, Shift-JIS, GBK and Big5, and with blanks.
const NAMES: [&[u8]; 9] = [
    b"K\xe4se.txt",
    b"K\x84se.txt",
    b"\xd0\xc9\xd3\xd8\xcd\xcf.txt",
    // The second byte of these characters is a backslash.
    b"\x95\x5c\x8e\xa6.txt",
    b"\x83\x5c.txt",
    b"\xb5\x5c.txt",
    b"\xce\xc4\xbc\xfe.txt",
    b"\xa4\xe5\xa5\xf3  two blanks.txt",
    b" first and last ",
];

/// Returns the name of a byte string in the paths of the server.
fn stored(name: &[u8]) -> String {
    name.iter().copied().map(char::from).collect()
}

fn percent(name: &[u8]) -> String {
    name.iter().map(|byte| format!("%{byte:02X}")).collect()
}

#[cfg(unix)]
fn local_names(directory: &Path) -> BTreeSet<Vec<u8>> {
    use std::os::unix::ffi::OsStringExt;
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_vec());
    names.collect()
}

/// Returns the lines of an output.
fn lines(output: &[u8]) -> BTreeSet<Vec<u8>> {
    output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

#[cfg(unix)]
#[test]
fn names_of_other_charsets_keep_their_bytes() {
    let all: BTreeSet<Vec<u8>> = NAMES.iter().map(|name| name.to_vec()).collect();
    for profile in ["bsd_ftpd", "iis", "iis_unix_style", "tnftpd"] {
        let behaviour =
            ServerBehaviour { names_are_bytes: true, ..(profiles::find(profile).unwrap().behaviour)() };
        let session = Session::start(behaviour.names(str::to_owned, str::to_owned));
        for name in NAMES {
            session.server.add_file(&format!("d/{}", stored(name)), name, 1_577_966_400);
        }

        assert_eq!(lines(&session.run(&["ls", "@d"]).stdout), all, "{profile}");
        session.run(&["get", "-r", "@d"]);
        assert_eq!(local_names(&session.local.path().join("d")), all, "{profile}");
        session.run(&["mirror", "@d", "m"]);
        let again = session.run(&["mirror", "-v", "--delete", "@d", "m"]).stderr;
        assert!(!again.contains("RETR"), "{profile}: {again}");
        assert_eq!(local_names(&session.local.path().join("m")), all, "{profile}");
        session.run(&["mirror", "m", "@u"]);
        let again = session.run(&["mirror", "-v", "--delete", "-j", "1", "m", "@u"]).stderr;
        assert!(!again.contains("STOR"), "{profile}: {again}");

        for (number, name) in NAMES.iter().enumerate() {
            let bytes = |path: String| session.server.content(&path).map(String::into_bytes);
            let lossy = String::from_utf8_lossy(name).into_owned().into_bytes();
            assert_eq!(bytes(format!("u/{}", stored(name))), Some(lossy.clone()), "{profile}: {name:?}");
            let moved = number.to_string();
            session.run(&["mv", &format!("@d/{}", percent(name)), &format!("@d/{moved}")]);
            assert_eq!(bytes(format!("d/{moved}")), Some(lossy), "{profile}: {name:?}");
            session.run(&["rm", &format!("@u/{}", percent(name))]);
            assert_eq!(bytes(format!("u/{}", stored(name))), None, "{profile}: {name:?}");
        }
        session.run(&["mirror", "m", "@v"]);
        session.run(&["rm", "-r", "@v"]);
        assert!(!session.server.paths().iter().any(|path| path.starts_with('v')), "{profile}");
    }
}
