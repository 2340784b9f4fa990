//! Times and permissions: set by any command that the server supports.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use oxftp::{Error, ListCommand, Timestamp, Zone};
use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
};

use crate::common::{builder, login, login_with};

server_tests! {
    downloaded_tree_preserves_remote_times,
    set_modified_changes_the_remote_time,
    set_modified_of_missing_file_is_error,
    set_permissions_changes_the_remote_mode,
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse_mlsx(text.as_bytes()).unwrap()
}

fn create_file(server: &TestServer, name: &str) {
    fs::write(server.root().join(name), b"x").unwrap();
    server.hand_over().unwrap();
}

fn seconds(path: &Path) -> u64 {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    modified.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn set_modified_changes_the_remote_time(server: &TestServer) {
    let mut client = login(server).await;
    for name in ["one file", "other"] {
        create_file(server, name);
    }
    if server.kind() == ServerKind::Embedded {
        for _ in 0..2 {
            let refused = client.set_modified("one file", time("20200102030405")).await.unwrap_err();
            assert!(matches!(refused, Error::Unsupported { .. }), "{refused}");
        }
        return;
    }

    client.set_modified("one file", time("20200102030405")).await.unwrap();
    let east = time("20200102040506").with_zone(Zone::Offset(3600));
    client.set_modified("other", east).await.unwrap();

    assert_eq!(seconds(&server.root().join("one file")), 1_577_934_245);
    assert_eq!(seconds(&server.root().join("other")), 1_577_934_306);
    client.command("NOOP").expect("200").await.unwrap();
}

/// The listing has no time zone, so `MDTM` is sent for each file.
async fn downloaded_tree_preserves_remote_times(server: &TestServer) {
    fs::create_dir(server.root().join("tree")).unwrap();
    for name in ["a b", "c"] {
        create_file(server, &format!("tree/{name}"));
        let file = fs::File::options().write(true).open(server.root().join("tree").join(name)).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_577_934_245)).unwrap();
    }
    let mut client = login_with(builder(server).list_command(ListCommand::List), server).await;
    let local = tempfile::tempdir().unwrap();

    client.download("tree").to(local.path()).preserve_times(true).await.unwrap();

    for name in ["a b", "c"] {
        assert_eq!(seconds(&local.path().join("tree").join(name)), 1_577_934_245, "{name}");
    }
    client.command("NOOP").expect("200").await.unwrap();
}

async fn set_modified_of_missing_file_is_error(server: &TestServer) {
    let mut client = login(server).await;

    let refused = client.set_modified("missing", time("20200102030405")).await.unwrap_err();

    assert!(refused.code().is_some_and(|code| code.get() == 550), "{refused}");
    client.command("NOOP").expect("200").await.unwrap();
}

async fn set_permissions_changes_the_remote_mode(server: &TestServer) {
    let mut client = login(server).await;
    create_file(server, "a file");
    let set = client.set_permissions("a file", 0o640).await;

    if matches!(server.kind(), ServerKind::Vsftpd | ServerKind::Embedded) {
        // vsftpd supports it only for real logins.
        assert!(matches!(set, Err(Error::StatusCode(_))), "{set:?}");
    } else {
        set.unwrap();
        let mode = fs::metadata(server.root().join("a file")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o640);
    }
    client.command("NOOP").expect("200").await.unwrap();
}
