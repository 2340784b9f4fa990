//! Compressed transfers (`MODE Z`).

use std::{fs, io::Write};

use flate2::{Compression, write::ZlibEncoder};
use oxftp::{Client, Error, Limits};
use oxftp_testing::scripted::{Script, ScriptedServer};

use crate::common::content;
use crate::common::scripts;
use crate::common::scripts::{assert_in_sync, get, mlst_file, play_with, with_sync_check};

fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

async fn play(script: Script) -> (ScriptedServer, Client) {
    play_with(scripts::builder().compress(true), with_sync_check(script)).await
}

fn offered(script: Script) -> Script {
    script.expect("FEAT").reply("211-Features:\r\n MODE Z\r\n211 End")
}

fn compressed() -> Script {
    offered(Script::new().type_image()).expect("MODE Z").reply("200 ok")
}

#[tokio::test]
async fn mode_z_is_reset_for_offset_transfers() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("b"), [0; 100_000]).unwrap();
    let script = scripts::send_file(compressed(), "RETR a", zlib(b"data"));
    let script = scripts::open_transfer(script, "STOR b").receive().reply("226 done");
    let script = script.expect("SIZE b").reply("213 100000");
    let script = script.expect("MODE S").reply("200 ok").passive().expect("REST 2").reply("350 ok");
    let script = script.expect("RETR a").reply("150 here").data("ta").reply("226 done");
    let (server, mut client) = play(script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
    client.upload(local.path().join("b")).await.unwrap();
    let mut rest = client.download_stream("a").offset(2).await.unwrap();
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut rest, &mut text).await.unwrap();
    rest.finish().await.unwrap();

    assert_eq!(text, "ta");
    assert_in_sync(&mut client).await;
    let played = server.done().await;
    assert!(played.transfers[0].bytes.len() < 1000);
}

#[tokio::test]
async fn refused_mode_z_is_not_sent_again() {
    let script = offered(Script::new().type_image()).expect("MODE Z").reply("504 not now");
    let script = scripts::send_file(scripts::send_file(script, "RETR a", "data"), "RETR a", "data");
    let (server, mut client) = play(script).await;

    for _ in 0..2 {
        assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
    }

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn corrupted_compressed_upload_is_retried_uncompressed() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("b"), "hello").unwrap();
    let script = scripts::open_transfer(compressed(), "STOR b").receive().reply("226 done");
    let script = script.expect("SIZE b").reply("213 4").expect("MODE S").reply("200 ok");
    let (server, mut client) = play(scripts::receive_file(script, "STOR b", "hello")).await;

    client.upload(local.path().join("b")).verify(oxftp::Verify::Nothing).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn truncated_or_trailing_compressed_data_is_error() {
    let whole = zlib(&content(1000));
    for wire in [whole[..500].to_vec(), [&whole[..], b"more"].concat(), b"no zlib".to_vec()] {
        let (server, mut client) = play(scripts::send_file(compressed(), "RETR a", wire)).await;

        let error = get(&mut client, "a").await.unwrap_err();

        assert!(matches!(error, Error::Data { .. }), "{error:?}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn decompression_bomb_is_error_without_final_name() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(1000)).type_image();
    let script = offered(script).expect("MODE Z").reply("200 ok");
    let (server, mut client) = play(scripts::send_file(script, "RETR a", zlib(&vec![0; 30_000_000]))).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    let Error::Data { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("inflate to more than"), "{source}");
    assert!(!local.path().join("a").exists());
    assert!(fs::metadata(local.path().join("a.oxftp.part")).unwrap().len() < 4_000_000);
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// The size of the file is unknown, so only the limit of the client ends it.
#[tokio::test]
async fn decompression_bomb_of_unknown_size_is_error() {
    let mut limits = Limits::default();
    limits.inflated_bytes = 1_000_000;
    let script = with_sync_check(scripts::send_file(compressed(), "RETR a", zlib(&vec![0; 30_000_000])));
    let (server, mut client) = play_with(scripts::builder().compress(true).limits(limits), script).await;

    let error = get(&mut client, "a").await.unwrap_err();

    let Error::Data { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("inflate to more than"), "{source}");
    assert_in_sync(&mut client).await;
    server.done().await;
}
