//! Parts of files, and text with its line ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::{fs, ops::RangeBounds};

use common::{content, login};
use oxftp::{AsciiReader, AsciiWriter, Client, Error, LineEnd, TransferType};
use oxftp_testing::{
    scripted::Script,
    server_tests,
    servers::{ServerKind, TestServer},
};
use scripts::{check_in_step, in_step, play};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

server_tests! {
    parts_of_a_file_come_and_the_client_works_on,
    text_goes_up_and_comes_down_with_its_line_ends,
}

async fn part(client: &mut Client, range: impl RangeBounds<u64>) -> oxftp::Result<Vec<u8>> {
    let mut stream = client.download_range("file", range).await?;
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes).await {
        return Err(stream.fail(error).await);
    }
    assert_eq!(stream.finish().await?, bytes.len() as u64);
    Ok(bytes)
}

async fn parts_of_a_file_come_and_the_client_works_on(server: &TestServer) {
    let bytes = content(3_000_000);
    fs::write(server.root().join("file"), &bytes).unwrap();
    server.hand_over().unwrap();
    let mut client = login(server).await;

    for _ in 0..2 {
        assert_eq!(part(&mut client, 1000..2000).await.unwrap(), bytes[1000..2000]);
        assert_eq!(part(&mut client, ..=0).await.unwrap(), bytes[..=0]);
        assert_eq!(part(&mut client, 2_999_990..).await.unwrap(), bytes[2_999_990..]);
        assert_eq!(part(&mut client, 2_999_000..3_000_000).await.unwrap(), bytes[2_999_000..]);
        assert_eq!(part(&mut client, 2_999_000..9_000_000).await.unwrap(), bytes[2_999_000..]);
        client.command("NOOP").expect("200").await.unwrap();
    }
    assert_eq!(part(&mut client, ..).await.unwrap(), bytes);
}

async fn text_goes_up_and_comes_down_with_its_line_ends(server: &TestServer) {
    let mut client = login(server).await;
    let text = b"one\ntwo\n\nthree".repeat(5000);

    let stream = client.upload_stream("text").transfer_type(TransferType::Ascii).await.unwrap();
    let mut writer = AsciiWriter::with_line_end(stream, LineEnd::Lf);
    writer.write_all(&text).await.unwrap();
    writer.into_inner().await.unwrap().finish().await.unwrap();
    let there = fs::read(server.root().join("text")).unwrap();
    let stream = client.download_stream("text").transfer_type(TransferType::Ascii).await.unwrap();
    let mut reader = AsciiReader::with_line_end(stream, LineEnd::Lf);
    let mut back = Vec::new();
    reader.read_to_end(&mut back).await.unwrap();
    reader.into_inner().finish().await.unwrap();

    assert!(back == text, "{} bytes came back of {}", back.len(), text.len());
    // vsftpd converts only where it is told to, libunftp never does.
    if !matches!(server.kind(), ServerKind::Vsftpd | ServerKind::Embedded) {
        assert!(there == text, "{} bytes are there of {}", there.len(), text.len());
    }
}

#[tokio::test]
async fn a_part_is_whole_whatever_the_server_says_to_its_end() {
    for answers in ["426 cut\r\n226 aborted", "226 sent all\r\n225 nothing to abort"] {
        let script = Script::new()
            .type_image()
            .passive()
            .expect("REST 2")
            .reply("350 go")
            .expect("RETR file")
            .reply("150 here")
            .send("23456789")
            .expect("ABOR")
            .reply(answers)
            .expect("NOOP")
            .reply("200 ok");
        let (server, mut client) = play(in_step(script)).await;

        assert_eq!(part(&mut client, 2..=4).await.unwrap(), b"234");

        check_in_step(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn a_part_that_is_not_read_to_its_end_is_unfinished() {
    let script =
        Script::new().type_image().passive().expect("RETR file").reply("150 here").data("0123456789");
    let (server, mut client) = play(in_step(script.reply("226 done"))).await;

    let mut stream = client.download_range("file", ..5).await.unwrap();
    stream.read_exact(&mut [0; 2]).await.unwrap();
    let error = stream.finish().await.unwrap_err();

    assert!(matches!(error, Error::Unfinished { .. }), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_part_that_is_cut_is_an_error_with_the_servers_words() {
    let script = Script::new().type_image().passive().expect("RETR file").reply("150 here").send("01");
    let (server, mut client) = play(in_step(script.reset_data().reply("451 disk error"))).await;

    let error = part(&mut client, ..5).await.unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(451), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_beginning_that_is_refused_is_an_error() {
    let script = Script::new().type_image().passive().expect("REST 90").reply("554 beyond the end");
    let (server, mut client) = play(in_step(script)).await;

    let error = client.download_range("file", 90..).await.map(drop).unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(554), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}
