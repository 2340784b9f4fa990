//! Helpers for tests against scripted servers.

use std::time::Duration;

use oxftp::{Client, ClientBuilder, PathEntry, Result};
use oxftp_testing::scripted::{Script, ScriptedServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Returns a builder whose timeout is shorter than that of the script, and which lists each directory once.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder().socket_timeout(Duration::from_secs(5)).list_all(false)
}

/// Starts a script and connects to it without login.
pub(crate) async fn play(script: Script) -> (ScriptedServer, Client) {
    play_with(builder(), script).await
}

/// Like [`play`], with this builder.
pub(crate) async fn play_with(builder: ClientBuilder, script: Script) -> (ScriptedServer, Client) {
    let server = script.start().await;
    let client = builder.connect(server.address()).await.unwrap();
    (server, client)
}

/// Expects `EPSV` and this command, and replies `150`.
pub(crate) fn open_transfer(script: Script, command: &str) -> Script {
    script.passive().expect(command).reply("150 here")
}

/// Plays a complete download.
pub(crate) fn send_file(script: Script, command: &str, data: impl Into<Vec<u8>>) -> Script {
    open_transfer(script, command).data(data).reply("226 done")
}

/// Plays a complete upload.
pub(crate) fn receive_file(script: Script, command: &str, data: impl Into<Vec<u8>>) -> Script {
    open_transfer(script, command).expect_data(data).reply("226 done")
}

/// Enters a directory for a query.
pub(crate) fn enter(script: Script, path: &str) -> Script {
    script.expect("PWD").reply("257 \"/home\"").expect(format!("CWD {path}")).reply("250 in")
}

/// Refuses to enter a directory for a query.
pub(crate) fn refuse_to_enter(script: Script, path: &str) -> Script {
    script.expect("PWD").reply("257 \"/home\"").expect(format!("CWD {path}")).reply("550 no such directory")
}

/// Refuses to enter a directory for a query, by its path and from the root.
pub(crate) fn refuse_to_enter_at_all(script: Script, path: &str) -> Script {
    refuse_to_enter(script, path).expect(format!("CWD /home/{path}")).reply("550 no such directory")
}

/// Refuses to enter a subdirectory for a query, by its path and step by step.
pub(crate) fn refuse_to_enter_deep(script: Script, directory: &str, name: &str) -> Script {
    let script = refuse_to_enter(script, &format!("{directory}/{name}"));
    let script = script.expect(format!("CWD {directory}")).reply("250 in");
    leave(script.expect(format!("CWD {name}")).reply("550 permission denied"))
}

/// Leaves the directory of [`enter`].
pub(crate) fn leave(script: Script) -> Script {
    script.expect("CWD /home").reply("250 back")
}

/// Plays the listing of an empty directory by its path, and its confirmation from inside.
pub(crate) fn send_empty_listing(script: Script, path: &str) -> Script {
    let script = send_file(script, &format!("MLSD {path}"), "");
    leave(send_file(enter(script, path), "MLSD", ""))
}

/// Adds an exchange that succeeds only if commands and replies are in sync.
pub(crate) fn with_sync_check(script: Script) -> Script {
    script.expect("PWD").reply("257 \"/in/step\"")
}

/// Runs the exchange of [`with_sync_check`], and fails unless commands and replies are in sync.
pub(crate) async fn assert_in_sync(client: &mut Client) {
    assert_eq!(client.current_dir().await.unwrap(), "/in/step".into());
}

/// Downloads a file.
pub(crate) async fn get(client: &mut Client, path: &str) -> Result<Vec<u8>> {
    let mut stream = client.download_stream(path).await?;
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes).await {
        return Err(stream.fail(error).await);
    }
    stream.finish().await?;
    Ok(bytes)
}

/// Uploads bytes as a file.
pub(crate) async fn put(client: &mut Client, path: &str, bytes: &[u8]) -> Result<()> {
    let mut stream = client.upload_stream(path).await?;
    if let Err(error) = stream.write_all(bytes).await {
        return Err(stream.fail(error).await);
    }
    stream.finish().await.map(drop)
}

/// Returns the paths of a listing, in order.
pub(crate) fn paths(entries: &[PathEntry]) -> Vec<String> {
    entries.iter().map(|found| found.path().to_string()).collect()
}

/// Returns the reply to `MLST` for a file of this size.
pub(crate) fn mlst_file(size: u64) -> String {
    format!("250-Listing\r\n type=file;size={size}; it\r\n250 End")
}

/// Returns the reply to `MLST` for a directory.
pub(crate) fn mlst_dir() -> String {
    "250-Listing\r\n type=dir; it\r\n250 End".to_owned()
}
