//! Scripted server: follows a script byte for byte.
//!
//! A [`Script`] lists the expected lines and the replies; any other input fails the test, and no step waits for time to
//! pass. [`Script::start`] starts a [`ScriptedServer`] for one client on a free loopback port;
//! [`ScriptedServer::done`] fails the test unless the whole script was played.
//!
//! ```
//! use oxftp_testing::scripted::Script;
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use tokio::net::TcpStream;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let server = Script::new().expect("NOOP").reply("200 fine").close().start().await;
//!
//! let mut client = TcpStream::connect(server.address()).await?;
//! client.write_all(b"NOOP\r\n").await?;
//! let mut received = String::new();
//! client.read_to_string(&mut received).await?;
//!
//! assert_eq!(received, "220 ready\r\n200 fine\r\n");
//! server.done().await;
//! # Ok(())
//! # }
//! ```

mod data;
mod played;
mod player;
mod series;
mod server;
mod step;
#[cfg(test)]
mod tests;

pub use played::{Ending, Played, Transfer};
pub use series::ScriptedSeries;
pub use server::ScriptedServer;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use step::{Expected, PassiveMode, Step};

/// The input and output of a server, in order.
///
/// Sending steps do not wait for the client. A data connection is opened by the first step that uses it, at the address
/// of the latest [`passive`](Self::passive), [`pasv`](Self::pasv) or [`connect_back`](Self::connect_back).
#[derive(Debug, Clone)]
#[must_use = "a script does nothing until it is started"]
pub struct Script {
    host: IpAddr,
    greeting: Option<String>,
    steps: Vec<Step>,
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl Script {
    /// Creates a script on 127.0.0.1 that greets with `220 ready`.
    pub fn new() -> Self {
        Self { host: Ipv4Addr::LOCALHOST.into(), greeting: Some("220 ready".to_owned()), steps: Vec::new() }
    }

    /// Sets the address for control and data connections.
    pub fn at(mut self, host: impl Into<IpAddr>) -> Self {
        self.host = host.into();
        self
    }

    /// Greets with this line, or these lines if it contains CR LF.
    pub fn greeting(mut self, line: impl Into<String>) -> Self {
        self.greeting = Some(line.into());
        self
    }

    /// Sends no greeting.
    pub fn no_greeting(mut self) -> Self {
        self.greeting = None;
        self
    }

    /// Expects exactly this line next.
    pub fn expect(self, line: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Expect(line.into()))
    }

    /// Expects a line with this start next, such as `EPRT |1|127.0.0.1|`.
    pub fn expect_start(self, start: impl Into<Vec<u8>>) -> Self {
        self.then(Step::ExpectStart(start.into()))
    }

    /// Sends this reply line, or these lines if it contains CR LF.
    pub fn reply(self, line: impl Into<String>) -> Self {
        let line = line.into() + "\r\n";
        self.then(Step::SendControl(line.into_bytes()))
    }

    /// Sends this reply one byte at a time, and lets the client's task run after each.
    pub fn reply_byte_by_byte(self, line: impl Into<String>) -> Self {
        let line = line.into() + "\r\n";
        self.then(Step::SendByteByByte(line.into_bytes()))
    }

    /// Sends these bytes on the control connection, with a pause before each.
    pub fn drip(self, bytes: impl Into<Vec<u8>>, pause: Duration) -> Self {
        self.then(Step::Drip(bytes.into(), pause))
    }

    /// Sends these bytes on the control connection, unchanged and at once.
    pub fn bytes(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::SendControl(bytes.into()))
    }

    /// Expects a login with the default credentials.
    pub fn login(self) -> Self {
        self.expect("USER anonymous").reply("331 more").expect("PASS anon@").reply("230 in")
    }

    /// Expects `TYPE I`.
    pub fn type_image(self) -> Self {
        self.expect("TYPE I").reply("200 binary")
    }

    /// Expects `EPSV`, and listens.
    pub fn passive(self) -> Self {
        self.expect("EPSV").then(Step::Listen(PassiveMode::Epsv))
    }

    /// Replies to an earlier `EPSV`, and listens.
    pub fn listen(self) -> Self {
        self.then(Step::Listen(PassiveMode::Epsv))
    }

    /// Expects `EPSV`, and replies with a port at which no server listens.
    pub fn dead_passive(self) -> Self {
        self.expect("EPSV").then(Step::Listen(PassiveMode::Dead))
    }

    /// Expects `PASV`, and listens.
    pub fn pasv(self) -> Self {
        self.expect("PASV").then(Step::Listen(PassiveMode::Pasv))
    }

    /// Expects `PASV`, listens at its own address, but replies with another address of this machine.
    ///
    /// A client that connects to the other address fails the script.
    pub fn pasv_naming(self, address: Ipv4Addr) -> Self {
        self.expect("PASV").then(Step::Listen(PassiveMode::PasvNaming(address)))
    }

    /// Expects `PASV`, and listens at another address of this machine.
    pub fn pasv_at(self, address: Ipv4Addr) -> Self {
        self.expect("PASV").then(Step::Listen(PassiveMode::PasvAt(address)))
    }

    /// Expects `EPRT`, accepts it, and connects to its address at the next data step.
    pub fn connect_back(self) -> Self {
        self.then(Step::ConnectBack("EPRT "))
    }

    /// Expects `PORT`, accepts it, and connects to its address at the next data step.
    pub fn connect_back_by_port(self) -> Self {
        self.then(Step::ConnectBack("PORT "))
    }

    /// Connects to the listening client from 127.0.0.2, and expects to be rejected.
    pub fn foreign_connection(self) -> Self {
        self.then(Step::ForeignConnection)
    }

    /// Sends these bytes over the data connection, and closes it.
    pub fn data(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.send(bytes).close_data()
    }

    /// Sends these bytes over the data connection, which stays open.
    pub fn send(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Send(bytes.into()))
    }

    /// Reads the data connection to its end, whether closed or reset: see [`Played::transfers`].
    pub fn receive(self) -> Self {
        self.then(Step::Receive(Expected::Anything))
    }

    /// Reads the data connection to its end of file, and expects exactly these bytes.
    pub fn expect_data(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Receive(Expected::Exactly(bytes.into())))
    }

    /// Reads the data connection, and expects it to end with a reset.
    pub fn expect_reset(self) -> Self {
        self.then(Step::Receive(Expected::ToReset))
    }

    /// Reads this many bytes of the data connection, which stays open.
    pub fn read(self, bytes: usize) -> Self {
        self.then(Step::Read(bytes))
    }

    /// Expects the client to shut down its side of the data connection without sending data.
    pub fn expect_end_of_sending(self) -> Self {
        self.then(Step::ExpectEndOfSending)
    }

    /// Closes the data connection.
    pub fn close_data(self) -> Self {
        self.then(Step::CloseData)
    }

    /// Shuts down the server's side of the data connection, which can still be read.
    pub fn end_sending(self) -> Self {
        self.then(Step::EndSending)
    }

    /// Resets the data connection.
    pub fn reset_data(self) -> Self {
        self.then(Step::ResetData)
    }

    /// Lets the client run for a while, and expects no input.
    ///
    /// A client that sends something is detected unless it is very slow; one that waits never fails this step.
    pub fn quiet(self) -> Self {
        self.then(Step::ExpectSilence)
    }

    /// Ignores all further input, and keeps all connections open.
    pub fn stall(self) -> Self {
        self.then(Step::Stall)
    }

    /// Closes the control connection.
    pub fn close(self) -> Self {
        self.then(Step::Close)
    }

    /// Resets the control connection.
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    /// Starts the server; it accepts one client.
    ///
    /// # Panics
    ///
    /// If the system has no free loopback port.
    pub async fn start(self) -> ScriptedServer {
        let greeting = self.greeting.map(|line| Step::SendControl(format!("{line}\r\n").into_bytes()));
        let steps = greeting.into_iter().chain(self.steps).collect();
        ScriptedServer::start(self.host, steps).await
    }

    /// Starts a server that plays one script per client, in the order of connecting, and accepts no further clients.
    ///
    /// # Panics
    ///
    /// If the system has no free loopback port.
    pub async fn start_each(scripts: impl IntoIterator<Item = Self>) -> ScriptedSeries {
        ScriptedSeries::start(scripts).await
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}
