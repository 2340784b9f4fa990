//! Mirrors to servers that store names in another form: a file that was just stored is never deleted.

use std::path::Path;

use oxftp::{
    Credentials, Error, Pool, Report,
    local_fs::{CreateDirOptions, FileSystem, OpenMode},
    mirror::{Delete, Mirror},
};
use oxftp_testing::memory::{MemoryServer, ServerBehaviour};
use tokio::io::AsyncWriteExt;

use crate::{
    common::{
        local_files::{create_file, files},
        scripts,
    },
    transfer::name_collisions::CaseInsensitiveFs,
};

fn pool(server: &MemoryServer) -> Pool {
    Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(2)
}

/// Runs a mirror with `--delete`; returns its report and the names of its failures.
async fn run(mirror: Mirror<'_>) -> (Report, Vec<String>) {
    match mirror.delete(Delete::After).await {
        Ok(report) => (report, Vec::new()),
        Err(Error::PartialFailure { report }) => {
            let failures = report.failures.iter().map(|failure| failure.error.to_string()).collect();
            (*report, failures)
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// Mirrors `names` twice to a server with an old file; returns its paths and the failures of each run.
async fn mirror_twice(behaviour: ServerBehaviour, names: &[&str]) -> (Vec<String>, [Vec<String>; 2]) {
    let (server, local) = (MemoryServer::start(behaviour).await, tempfile::tempdir().unwrap());
    names.iter().for_each(|name| create_file(local.path(), name, name));
    server.add_file("site/old", "old", 0);
    let (_, first) = run(pool(&server).mirror_up(local.path(), "site")).await;
    let (_, second) = run(pool(&server).mirror_up(local.path(), "site")).await;
    (server.paths(), [first, second])
}

fn upper(name: &str) -> String {
    name.to_uppercase()
}

fn lower(name: &str) -> String {
    name.to_lowercase()
}

fn decomposed(name: &str) -> String {
    name.replace('ä', "a\u{308}")
}

fn replaced(name: &str) -> String {
    name.replace([':', '?', '*', '"'], "_")
}

fn short(name: &str) -> String {
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
    let cut = |text: &str, length| text.chars().take(length).collect::<String>();
    format!("{}.{}", cut(stem, 8), cut(end, 3)).to_uppercase()
}

fn escaped(name: &str) -> String {
    name.replace(' ', "%20")
}

fn cut(name: &str) -> String {
    name.chars().take(14).collect()
}

fn trimmed(name: &str) -> String {
    name.trim_end_matches([' ', '.']).to_owned()
}

#[tokio::test]
async fn mirror_delete_keeps_uploads_under_other_names() {
    type Form = fn(&str) -> String;
    let cases: [(Form, Form, &[&str]); 6] = [
        (upper, upper, &["aaa.txt", "docs/b.txt"]),
        (str::to_owned, lower, &["Aaa.txt", "Docs/b.txt"]),
        (decomposed, decomposed, &["kälte.txt", "ä/b"]),
        (replaced, str::to_owned, &["a:b?.txt"]),
        (short, short, &["long file name.html"]),
        (trimmed, trimmed, &["blank "]),
    ];
    for (stores, compares, names) in cases {
        let behaviour = ServerBehaviour::default().names(stores, compares);
        let (paths, failures) = mirror_twice(behaviour, names).await;

        for name in names {
            let stored = name.split('/').map(stores).collect::<Vec<_>>().join("/");
            assert!(paths.contains(&format!("site/{stored}")), "{stored}: {paths:?}");
        }
        let renames = names.iter().any(|name| name.split('/').any(|part| stores(part) != part));
        for failures in failures {
            assert_eq!(!failures.is_empty(), renames, "{names:?}: {failures:?}");
            assert!(failures.iter().all(|failure| failure.contains("was stored, but")), "{failures:?}");
        }
        assert_eq!(paths.contains(&"site/old".to_owned()), renames, "{names:?}");
    }
}

fn versioned(name: &str) -> String {
    format!("{name};1")
}

fn unversioned(name: &str) -> String {
    name.trim_end_matches(";1").to_owned()
}

/// A file that the server has under another name is not sent again, and is reported as a failure.
#[tokio::test]
async fn mirror_up_reports_other_names_without_delete() {
    type Form = fn(&str) -> String;
    let cases: [(Form, Form, &str); 3] =
        [(upper, upper, "aaa.txt"), (short, short, "long file name.html"), (versioned, unversioned, "a.txt")];
    for (stores, compares, name) in cases {
        let server = MemoryServer::start(ServerBehaviour::default().names(stores, compares)).await;
        let local = tempfile::tempdir().unwrap();
        create_file(local.path(), name, "content");
        server.add_file("site/old", "old", 0);

        drop(pool(&server).mirror_up(local.path(), "site").await);
        let second = pool(&server).mirror_up(local.path(), "site").await;

        let Error::PartialFailure { report } = second.unwrap_err() else { panic!("{name}") };
        assert!(report.failures[0].error.to_string().contains("was stored, but"), "{name}: {report:?}");
        let sent = server.commands().iter().filter(|command| command.starts_with("STOR")).count();
        assert_eq!(sent, 1, "{name}");
        // A change is sent.
        create_file(local.path(), name, "other content");
        drop(pool(&server).mirror_up(local.path(), "site").await);
        assert_eq!(server.content(&format!("site/{}", stores(name))).as_deref(), Some("other content"));
    }
}

/// A server that finds a file by the stored name only.
#[tokio::test]
async fn mirror_up_fails_for_unlisted_name_without_delete() {
    let server = MemoryServer::start(ServerBehaviour::default().names(replaced, str::to_owned)).await;
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "a:b", "content");
    server.add_file("site/old", "old", 0);

    let mirrored = pool(&server).mirror_up(local.path(), "site").await;

    let Error::PartialFailure { report } = mirrored.unwrap_err() else { panic!() };
    assert!(matches!(report.failures[0].error, Error::StoredElsewhere { .. }), "{report:?}");
}

/// The notes of the first run show that the server has the file, and under which name.
#[tokio::test]
async fn mirror_up_sends_unlisted_name_once() {
    let server = MemoryServer::start(ServerBehaviour::default().names(replaced, str::to_owned)).await;
    let (local, records) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    create_file(local.path(), "docs/a:b", "content");
    create_file(local.path(), "c", "plain");
    let run = async || {
        let builder = scripts::builder().upload_records(records.path().join("new"));
        let pool = Pool::new(builder, server.address(), Credentials::anonymous());
        let mirrored = pool.mirror_up(local.path(), "site").await;
        let Error::PartialFailure { report } = mirrored.unwrap_err() else { panic!() };
        let [failure] = &report.failures[..] else { panic!("{report:?}") };
        assert!(matches!(failure.error, Error::StoredElsewhere { .. }), "{failure:?}");
        let sent = server.commands().iter().filter(|command| command.starts_with("STOR")).count();
        (failure.name.clone(), failure.error.to_string(), sent)
    };

    let (name, text, sent) = run().await;
    assert_eq!(sent, 2);
    for _ in 0..2 {
        assert_eq!(run().await, (name.clone(), text.clone(), 0));
    }
    // Another version is sent.
    create_file(local.path(), "docs/a:b", "new content");
    assert_eq!(run().await.2, 1);
    assert_eq!(server.content("site/docs/a_b").as_deref(), Some("new content"));
    // The file was removed on the server.
    server.remove("site/docs/a_b");
    assert_eq!(run().await.2, 1);
}

/// `SIZE` finds the files by the names that were sent, and the listing has other names.
#[tokio::test]
async fn first_mirror_up_reports_other_names() {
    type Form = fn(&str) -> String;
    let cases: [(Form, Form, &str); 7] = [
        (upper, upper, "aaa.txt"),
        (upper, upper, "docs/1"),
        (escaped, escaped, "a b.txt"),
        (cut, cut, "a name of thirty letters.html"),
        (short, short, "long file name.html"),
        (versioned, unversioned, "a.txt"),
        (replaced, replaced, "a:b"),
    ];
    for (stores, compares, name) in cases {
        let server = MemoryServer::start(ServerBehaviour::default().names(stores, compares)).await;
        let local = tempfile::tempdir().unwrap();
        create_file(local.path(), name, "content");

        let first = pool(&server).mirror_up(local.path(), "site").await;

        let Error::PartialFailure { report } = first.unwrap_err() else { panic!("{name}") };
        let [failure] = &report.failures[..] else { panic!("{name}: {report:?}") };
        assert!(matches!(failure.error, Error::StoredUnderOtherName { .. }), "{name}: {failure:?}");
        assert_eq!(report.files, 1, "{name}");
    }
}

/// A longer name is looked up although a shorter one with the same signs was kept.
#[tokio::test]
async fn mirror_up_looks_up_longest_name() {
    let server = MemoryServer::start(ServerBehaviour::default().names(cut, cut)).await;
    let local = tempfile::tempdir().unwrap();
    for name in [".htaccess", "d/name of 13.x", "e/name of fifteen.html"] {
        create_file(local.path(), name, "content");
    }

    let mirrored = pool(&server).mirror_up(local.path(), "site").await;

    let Error::PartialFailure { report } = mirrored.unwrap_err() else { panic!() };
    assert_eq!(report.failures.len(), 1, "{report:?}");
}

/// A server that keeps names costs few listings, and none when older files have shown it.
#[tokio::test]
async fn mirror_up_lists_little_to_confirm_names() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    let local = tempfile::tempdir().unwrap();
    let mirror = async || {
        pool(&server).mirror_up(local.path(), "site").await.unwrap();
        server.commands().iter().filter(|command| command.starts_with("MLSD")).count()
    };
    for directory in 0..20 {
        create_file(local.path(), &format!("d{directory}/a.txt"), "x");
    }

    let first = mirror().await;
    create_file(local.path(), "d1/new.txt", "x");
    let second = mirror().await;

    assert!(first <= 2, "{first}");
    assert_eq!(second, 21);
}

#[tokio::test]
async fn mirror_error_names_both_spellings() {
    let behaviour = ServerBehaviour::default().names(upper, upper);
    let (_, [first, _]) = mirror_twice(behaviour, &["aaa.txt"]).await;

    assert!(first[0].contains("\"aaa.txt\"") && first[0].contains("\"AAA.TXT\""), "{first:?}");
}

/// A server that keeps the case of the first name and finds files by any.
#[tokio::test]
async fn mirror_delete_keeps_existing_file_of_other_case() {
    let server = MemoryServer::start(ServerBehaviour::default().names(str::to_owned, lower)).await;
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "readme", "new content");
    create_file(local.path(), "docs/a", "a");
    for path in ["site/README", "site/Docs/a", "site/Docs/b"] {
        server.add_file(path, "old", 0);
    }

    let (report, failures) = run(pool(&server).mirror_up(local.path(), "site")).await;

    assert_eq!(report.deleted, 0);
    assert!(!failures.is_empty());
    assert_eq!(server.content("site/README").as_deref(), Some("new content"));
    assert!(server.content("site/Docs/b").is_some());
}

#[tokio::test]
async fn mirror_delete_follows_change_of_case() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "readme", "x");
    server.add_file("site/README", "x", 0);

    let (report, failures) = run(pool(&server).mirror_up(local.path(), "site")).await;

    assert_eq!((report.files, report.deleted, failures.len()), (1, 1, 0));
    assert_eq!(server.paths(), ["site/", "site/readme"]);
}

#[tokio::test]
async fn mirror_delete_lists_changed_directories_again_only() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    let local = tempfile::tempdir().unwrap();
    for name in ["new/a", "same/a", "only-deletes/a"] {
        create_file(local.path(), name, "x");
    }
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    for name in ["same/a", "only-deletes/a"] {
        let file = std::fs::File::options().write(true).open(local.path().join(name)).unwrap();
        file.set_modified(time).unwrap();
        server.add_file(&format!("site/{name}"), "x", 1_600_000_000);
    }
    for name in ["new/old", "only-deletes/old"] {
        server.add_file(&format!("site/{name}"), "x", 0);
    }

    let (report, _) = run(pool(&server).mirror_up(local.path(), "site")).await;

    assert_eq!((report.files, report.deleted), (1, 2));
    let mut listings: Vec<_> =
        server.commands().into_iter().filter(|command| command.starts_with("MLSD")).collect();
    listings.sort();
    assert_eq!(
        listings,
        ["MLSD site", "MLSD site/new", "MLSD site/new", "MLSD site/only-deletes", "MLSD site/same"]
    );
}

/// The listing after the uploads decides, not the one before.
#[tokio::test]
async fn mirror_delete_keeps_upload_that_replaced_another() {
    let behaviour = ServerBehaviour::default().names(replaced, str::to_owned);
    let server = MemoryServer::start(behaviour).await;
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "a?b", "x");
    server.add_file("site/a_b", "earlier", 0);

    let (report, failures) = run(pool(&server).mirror_up(local.path(), "site")).await;

    assert_eq!((report.deleted, failures.len()), (0, 1));
    assert_eq!(server.content("site/a_b").as_deref(), Some("x"));
}

fn old_file(root: &Path, name: &str) {
    create_file(root, name, "old");
}

#[tokio::test]
async fn mirror_down_delete_follows_change_of_case() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    let local = tempfile::tempdir().unwrap();
    server.add_file("site/readme", "new", 1_000_000_000);
    old_file(local.path(), "README");
    old_file(local.path(), "gone");

    let (report, failures) = run(pool(&server).mirror_down("site", local.path())).await;

    assert_eq!((report.files, report.deleted, failures.len()), (1, 2, 0));
}

/// A source that may hide names that begin with a dot does not show that they are gone.
#[tokio::test]
async fn mirror_delete_keeps_names_that_source_may_hide() {
    for (refused, hides, kept) in [(true, true, true), (true, false, true), (false, true, false)] {
        let mut behaviour = if refused { ServerBehaviour::list_only() } else { ServerBehaviour::default() };
        behaviour.hides_dot_names = hides;
        let (server, local) = (MemoryServer::start(behaviour).await, tempfile::tempdir().unwrap());
        server.add_file("site/a", "x", 1_500_000_000);
        old_file(local.path(), ".htaccess");
        old_file(local.path(), "gone");

        run(pool(&server).mirror_down("site", local.path())).await;

        assert_eq!(local.path().join(".htaccess").exists(), kept, "{refused} {hides}");
        assert!(!local.path().join("gone").exists());
    }
}

/// `MLSD` should show all names. A server that hides some in it is asked for a name before that is deleted here.
#[tokio::test]
async fn mirror_delete_keeps_dot_file_hidden_by_mlsd() {
    let behaviour = ServerBehaviour { mlsd_hides_dot_names: true, ..ServerBehaviour::default() };
    let (server, local) = (MemoryServer::start(behaviour).await, tempfile::tempdir().unwrap());
    for name in ["site/a", "site/.htaccess", "site/d/.hidden/x"] {
        server.add_file(name, "x", 1_500_000_000);
    }
    for name in [".htaccess", "d/.hidden/x", "d/gone", "e/.removed"] {
        old_file(local.path(), name);
    }

    run(pool(&server).mirror_down("site", local.path())).await;

    assert_eq!(files(local.path()), [".htaccess", "a", "d/.hidden/x"]);
}

/// Starts a server with these files of one letter, and a pool that downloads to a file system without case.
async fn without_local_case(files: &[&str]) -> (MemoryServer, Pool, CaseInsensitiveFs) {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    for (number, file) in files.iter().enumerate() {
        server.add_file(&format!("site/{file}"), number.to_string(), 1_500_000_000);
    }
    let fs = CaseInsensitiveFs::default();
    let builder = scripts::builder().file_system(fs.clone());
    let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(2);
    (server, pool, fs)
}

#[tokio::test]
async fn mirror_down_delete_keeps_file_of_other_case() {
    let (_server, pool, fs) = without_local_case(&["readme"]).await;
    for name in ["/copy/README", "/copy/gone"] {
        let parents = CreateDirOptions { parents: true, exist_ok: true };
        fs.create_dir(Path::new("/copy"), parents).await.unwrap();
        let mut file = fs.open(Path::new(name), OpenMode::Write).await.unwrap();
        file.write_all(b"older").await.unwrap();
        file.shutdown().await.unwrap();
    }

    let (report, failures) = run(pool.mirror_down("site", "/copy")).await;

    // The names are a warning, and nothing in the directory is deleted.
    assert_eq!((report.files, report.deleted, failures.len()), (1, 0, 0));
    assert_eq!(fs.content("/copy/readme").await, "0");
}

#[tokio::test]
async fn mirror_of_names_differing_in_case_overwrites_none() {
    let (_server, pool, fs) = without_local_case(&["README", "readme"]).await;

    for _ in 0..2 {
        let (_, failures) = run(pool.mirror_down("site", "/copy")).await;
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert!(failures[0].contains("takes its name for that of another"), "{failures:?}");
    }

    let first = fs.content("/copy/readme").await;
    let name = fs.read_dir(Path::new("/copy")).await.unwrap()[0].name().to_owned();
    assert_eq!(first, if name == "README" { "0" } else { "1" });
}
