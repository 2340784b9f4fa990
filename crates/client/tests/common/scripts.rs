//! What the tests against scripted servers share.

use std::time::Duration;

use oxftp::{Client, ClientBuilder, PathEntry, Result};
use oxftp_testing::scripted::{Script, ScriptedServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Describes a client that gives up before the script's own deadline.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder().socket_timeout(Duration::from_secs(5))
}

/// Starts a script and connects to it, without logging in: a script needs no login.
pub(crate) async fn play(script: Script) -> (ScriptedServer, Client) {
    play_to(builder(), script).await
}

/// As [`play`], with a client of one's own.
pub(crate) async fn play_to(builder: ClientBuilder, script: Script) -> (ScriptedServer, Client) {
    let server = script.start().await;
    let client = builder.connect(server.address()).await.unwrap();
    (server, client)
}

/// Opens a passive data connection for this command, which is then answered `150`.
pub(crate) fn opening(script: Script, command: &str) -> Script {
    script.passive().expect(command).reply("150 here")
}

/// A whole transfer down.
pub(crate) fn sending(script: Script, command: &str, data: impl Into<Vec<u8>>) -> Script {
    opening(script, command).data(data).reply("226 done")
}

/// A whole transfer up.
pub(crate) fn taking(script: Script, command: &str, data: impl Into<Vec<u8>>) -> Script {
    opening(script, command).expect_data(data).reply("226 done")
}

/// Adds an exchange that is answered rightly only if commands and replies belong together.
pub(crate) fn in_step(script: Script) -> Script {
    script.expect("PWD").reply("257 \"/in/step\"")
}

/// Fails unless the exchange of [`in_step`] is what comes next.
pub(crate) async fn check_in_step(client: &mut Client) {
    assert_eq!(client.current_directory().await.unwrap(), "/in/step".into());
}

/// Fetches what is under a name.
pub(crate) async fn get(client: &mut Client, path: &str) -> Result<Vec<u8>> {
    let mut stream = client.download_stream(path).await?;
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes).await {
        return Err(stream.fail(error).await);
    }
    stream.finish().await?;
    Ok(bytes)
}

/// Stores bytes under a name.
pub(crate) async fn put(client: &mut Client, path: &str, bytes: &[u8]) -> Result<()> {
    let mut stream = client.upload_stream(path).await?;
    if let Err(error) = stream.write_all(bytes).await {
        return Err(stream.fail(error).await);
    }
    stream.finish().await.map(drop)
}

/// The paths of a listing, in its order.
pub(crate) fn paths(entries: &[PathEntry]) -> Vec<String> {
    entries.iter().map(|found| found.path().to_string()).collect()
}

/// The reply to `MLST` for a file of this size.
pub(crate) fn mlst_file(size: u64) -> String {
    format!("250-Listing\r\n type=file;size={size}; it\r\n250 End")
}

/// The reply to `MLST` for a directory.
pub(crate) fn mlst_dir() -> String {
    "250-Listing\r\n type=dir; it\r\n250 End".to_owned()
}
