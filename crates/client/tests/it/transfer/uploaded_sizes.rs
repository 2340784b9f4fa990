//! Size check after uploads.

use std::{
    fs,
    time::{Duration, UNIX_EPOCH},
};

use oxftp::{Client, Credentials, Error, Pool, Report, Result, Verify};
use oxftp_testing::{
    fragile::{Fault, Fragile, FragileServer},
    scripted::Script,
};

use crate::common::scripts::{assert_in_sync, builder, play, receive_file, with_sync_check};

async fn upload(client: &mut Client, content: &str, verify: Verify) -> Result<Report> {
    let local = tempfile::tempdir().unwrap();
    let source = local.path().join("x");
    fs::write(&source, content).unwrap();
    client.upload(source).verify(verify).await
}

fn taken() -> Script {
    receive_file(Script::new().type_image(), "STOR x", "hello")
}

#[tokio::test]
async fn uploaded_size_mismatch_is_error() {
    let (server, mut client) = play(with_sync_check(taken().expect("SIZE x").reply("213 4"))).await;

    let error = upload(&mut client, "hello", Verify::default()).await.unwrap_err();

    let Error::UploadMismatch { path, source } = error else { panic!("{error}") };
    assert_eq!(path, "x");
    assert!(matches!(*source, Error::SizeMismatch { expected: 4, transferred: 5 }), "{source}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

async fn connect(server: &FragileServer) -> Client {
    let mut client = builder().connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    client
}

#[tokio::test]
async fn upload_is_compared_with_listing_without_size() {
    for answer in ["550 it is elsewhere by now", "500 what", "450 busy", "213 many"] {
        let server = Fragile::new().on("SIZE", Fault::Reply(answer.to_owned())).start();
        let mut client = connect(&server).await;

        upload(&mut client, "hello", Verify::default()).await.unwrap();
        upload(&mut client, "again", Verify::default()).await.unwrap();

        assert_eq!(server.count("MLSD"), 2, "{answer}");
    }
}

#[tokio::test]
async fn size_zero_of_every_file_is_distrusted() {
    let server = Fragile::new().on("SIZE", Fault::Reply("213 0".to_owned())).start();
    let mut client = connect(&server).await;

    upload(&mut client, "hello", Verify::default()).await.unwrap();
    upload(&mut client, "hello", Verify::default()).await.unwrap();

    assert_eq!((server.count("SIZE"), server.content("/x").as_deref()), (1, Some("hello".as_bytes())));
}

#[tokio::test]
async fn size_zero_of_empty_file_is_error() {
    let server = Fragile::new().file("/x", "").on("SIZE", Fault::Reply("213 0".to_owned()));
    let server = server.on("STOR", Fault::Reply("226 done".to_owned())).start();

    let error = upload(&mut connect(&server).await, "hello", Verify::default()).await.unwrap_err();

    assert!(matches!(error, Error::UploadMismatch { .. }), "{error}");
}

/// The server acknowledges the upload, and keeps the older file.
#[tokio::test]
async fn truncated_upload_is_found_by_listing() {
    for size in ["502 no", "450 busy"] {
        let server = Fragile::new().file("/x", "old").on("SIZE", Fault::Reply(size.to_owned()));
        let server = server.on("STOR", Fault::Reply("226 done".to_owned())).start();

        let error = upload(&mut connect(&server).await, "hello", Verify::default()).await.unwrap_err();

        let Error::UploadMismatch { source, .. } = error else { panic!("{size}: {error}") };
        assert!(matches!(*source, Error::SizeMismatch { expected: 3, transferred: 5 }), "{size}: {source}");
    }
}

/// The partial file is cut, and is not renamed.
#[tokio::test]
async fn truncated_temporary_upload_is_found_by_listing() {
    for size in ["500 what", "450 busy"] {
        let server = Fragile::new().on("SIZE", Fault::Reply(size.to_owned())).cut_uploads(3).start();
        let mut client = connect(&server).await;
        let local = tempfile::tempdir().unwrap();
        fs::write(local.path().join("x"), "hello").unwrap();

        let error = client.upload(local.path().join("x")).temporary(true).await.unwrap_err();

        assert!(matches!(error, Error::SizeMismatch { expected: 3, transferred: 5 }), "{size}: {error:?}");
        assert_eq!((server.count("RNTO"), server.content("/x")), (0, None), "{size}");
    }
}

#[tokio::test]
async fn mirror_finds_truncated_uploads_by_listing() {
    for (size, temporary) in [("500 what", false), ("450 busy", false), ("450 busy", true)] {
        let server = Fragile::new().on("SIZE", Fault::Reply(size.to_owned())).cut_uploads(3).start();
        let local = tempfile::tempdir().unwrap();
        fs::create_dir(local.path().join("d")).unwrap();
        for (name, content) in [("whole", "abc"), ("d/cut", "abcd"), ("d/empty", "")] {
            fs::write(local.path().join(name), content).unwrap();
        }
        let pool = Pool::new(builder(), server.address(), Credentials::anonymous());

        let error = pool.mirror_up(local.path(), "/m").temporary(temporary).await.unwrap_err();

        let Error::PartialFailure { report } = error else { panic!("{size}: {error}") };
        let [failure] = &report.failures[..] else { panic!("{size}: {report:?}") };
        assert!(matches!(failure.error, Error::UploadMismatch { .. }), "{size}: {failure:?}");
        assert_eq!(failure.name, "d/cut", "{size}");
    }
}

/// Another client may have replaced the file between the upload and the query.
#[tokio::test]
async fn upload_after_size_mismatch_deletes_nothing() {
    let server = Fragile::new().on_nth("SIZE", 1, Fault::Reply("213 99".to_owned())).start();
    let pool = Pool::new(builder(), server.address(), Credentials::anonymous());
    let local = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::write(local.path().join(name), "hello").unwrap();
    }

    pool.upload(local.path()).to("/t").write_into(true).await.unwrap();

    assert_eq!(server.content("/t/a").as_deref(), Some("hello".as_bytes()));
    assert_eq!((server.count("DELE"), server.count("STOR")), (0, 3));
}

/// A directory with many entries is listed once; later uploads are queried one by one.
#[tokio::test]
async fn truncated_upload_into_large_directory_is_found() {
    let server = (0..1001).fold(Fragile::new(), |server, number| server.file(&format!("/old{number}"), "x"));
    let server = server.on("SIZE", Fault::Reply("450 busy".to_owned())).cut_uploads(5).start();
    let mut client = connect(&server).await;

    upload(&mut client, "hello", Verify::default()).await.unwrap();
    upload(&mut client, "again", Verify::default()).await.unwrap();
    let error = upload(&mut client, "longer", Verify::default()).await.unwrap_err();

    let Error::UploadMismatch { source, .. } = error else { panic!("{error}") };
    assert!(matches!(*source, Error::SizeMismatch { expected: 5, transferred: 6 }), "{source}");
    assert_eq!(server.count("MLSD"), 1);
}

#[tokio::test]
async fn unsupported_size_command_is_sent_once() {
    let server = Fragile::new().without(&["SIZE"]).start();
    let mut client = connect(&server).await;

    upload(&mut client, "hello", Verify::default()).await.unwrap();
    upload(&mut client, "again", Verify::default()).await.unwrap();

    assert_eq!(server.count("SIZE"), 1);
}

#[tokio::test]
async fn size_is_not_sent_without_feature() {
    let features = "211-Features:\r\n MDTM\r\n211 End".to_owned();
    let server = Fragile::new().on("FEAT", Fault::Reply(features)).start();
    let mut client = connect(&server).await;
    client.features().await.unwrap();

    upload(&mut client, "hello", Verify::default()).await.unwrap();

    assert_eq!((server.count("SIZE"), server.content("/x").as_deref()), (0, Some(&b"hello"[..])));
}

#[tokio::test]
async fn verify_nothing_sends_no_size_command() {
    let (server, mut client) = play(with_sync_check(taken())).await;

    upload(&mut client, "hello", Verify::Nothing).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn ascii_upload_size_is_not_compared() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), "a\n").unwrap();
    let script = Script::new().expect("TYPE A").reply("200 text");
    let (server, mut client) = play(with_sync_check(receive_file(script, "STOR x", "a\r\n"))).await;

    client.upload(local.path().join("x")).ascii(true).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn size_is_pipelined_once_mfmt_is_known() {
    let local = tempfile::tempdir().unwrap();
    let source = local.path().join("x");
    fs::write(&source, "hello").unwrap();
    let time = UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    fs::File::options().write(true).open(&source).unwrap().set_modified(time).unwrap();
    let first =
        taken().expect("SIZE x").reply("213 5").expect("FEAT").reply("211-\r\n SIZE\r\n MFMT\r\n211 End");
    let first =
        first.expect("MFMT 20200913122640 x").reply("213 ok").expect("MDTM x").reply("213 20200913122640");
    let second = receive_file(first, "STOR x", "hello").expect("SIZE x").expect("MFMT 20200913122640 x");
    let (server, mut client) = play(with_sync_check(second.bytes("213 4\r\n213 ok\r\n"))).await;

    client.upload(&source).preserve_times(true).await.unwrap();
    let error = client.upload(&source).preserve_times(true).await.unwrap_err();

    assert!(matches!(error, Error::UploadMismatch { .. }), "{error:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}
