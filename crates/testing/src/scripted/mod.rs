//! A server that plays a script, byte for byte.
//!
//! A [`Script`] says which lines are to come and what is answered; nothing else is tolerated, and nothing
//! waits for time to pass. [`Script::start`] gives a [`ScriptedServer`] on a free loopback port for one
//! client; [`ScriptedServer::done`] fails the test unless the whole script was played.
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
//! let mut heard = String::new();
//! client.read_to_string(&mut heard).await?;
//!
//! assert_eq!(heard, "220 ready\r\n200 fine\r\n");
//! server.done().await;
//! # Ok(())
//! # }
//! ```

mod data;
mod player;
mod series;
mod server;
mod step;
#[cfg(test)]
mod tests;

pub use series::ScriptedSeries;
pub use server::{Ending, Played, ScriptedServer, Transfer};

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use step::{Listening, Reading, Step};

/// What a server is to say and to hear, in order.
///
/// Sending steps do not wait for the client. A data connection is opened by the first step that uses it, at
/// the place that the latest [`passive`](Self::passive), [`pasv`](Self::pasv) or
/// [`connect_back`](Self::connect_back) agreed on.
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
    /// Begins a script that greets with `220 ready`, on 127.0.0.1.
    pub fn new() -> Self {
        Self { host: Ipv4Addr::LOCALHOST.into(), greeting: Some("220 ready".to_owned()), steps: Vec::new() }
    }

    /// Listens at this address, for control and data.
    pub fn at(mut self, host: impl Into<IpAddr>) -> Self {
        self.host = host.into();
        self
    }

    /// Greets with this line, or these if it holds CR LF.
    pub fn greeting(mut self, line: impl Into<String>) -> Self {
        self.greeting = Some(line.into());
        self
    }

    /// Says nothing at first.
    pub fn no_greeting(mut self) -> Self {
        self.greeting = None;
        self
    }

    /// Wants this line next, and no other.
    pub fn expect(self, line: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Expect(line.into()))
    }

    /// Wants a line next that starts so, such as `EPRT |1|127.0.0.1|`, whatever follows.
    pub fn expect_start(self, start: impl Into<Vec<u8>>) -> Self {
        self.then(Step::ExpectStart(start.into()))
    }

    /// Says this line, or these if it holds CR LF.
    pub fn reply(self, line: impl Into<String>) -> Self {
        let line = line.into() + "\r\n";
        self.then(Step::Say(line.into_bytes()))
    }

    /// Says this line one byte at a time, and lets the client's task run between any two.
    pub fn reply_byte_by_byte(self, line: impl Into<String>) -> Self {
        let line = line.into() + "\r\n";
        self.then(Step::SayByteByByte(line.into_bytes()))
    }

    /// Sends these bytes on the control connection, one after each pause: never silent, never done.
    pub fn drip(self, bytes: impl Into<Vec<u8>>, pause: Duration) -> Self {
        self.then(Step::Drip(bytes.into(), pause))
    }

    /// Sends these bytes on the control connection, as they are and at once.
    pub fn bytes(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Say(bytes.into()))
    }

    /// Logs in who gives the default credentials.
    pub fn login(self) -> Self {
        self.expect("USER anonymous").reply("331 more").expect("PASS anon@").reply("230 in")
    }

    /// Wants `TYPE I`.
    pub fn type_image(self) -> Self {
        self.expect("TYPE I").reply("200 binary")
    }

    /// Wants `EPSV`, and listens.
    pub fn passive(self) -> Self {
        self.expect("EPSV").then(Step::Listen(Listening::Epsv))
    }

    /// Answers an `EPSV` that came before, and listens.
    pub fn listen(self) -> Self {
        self.then(Step::Listen(Listening::Epsv))
    }

    /// Wants `EPSV`, and names a port where nobody listens.
    pub fn dead_passive(self) -> Self {
        self.expect("EPSV").then(Step::Listen(Listening::Dead))
    }

    /// Wants `PASV`, and listens.
    pub fn pasv(self) -> Self {
        self.expect("PASV").then(Step::Listen(Listening::Pasv))
    }

    /// Wants `PASV`, listens at its own address, but names another, of this machine too.
    ///
    /// A client that connects there fails the script.
    pub fn pasv_naming(self, address: Ipv4Addr) -> Self {
        self.expect("PASV").then(Step::Listen(Listening::PasvNaming(address)))
    }

    /// Wants `PASV`, and listens at another address of this machine.
    pub fn pasv_at(self, address: Ipv4Addr) -> Self {
        self.expect("PASV").then(Step::Listen(Listening::PasvAt(address)))
    }

    /// Wants `EPRT`, takes it, and connects there when data are to be moved.
    pub fn connect_back(self) -> Self {
        self.then(Step::ConnectBack("EPRT "))
    }

    /// Wants `PORT`, takes it, and connects there when data are to be moved.
    pub fn connect_back_by_port(self) -> Self {
        self.then(Step::ConnectBack("PORT "))
    }

    /// Connects to where the client listens from 127.0.0.2, and wants to be sent away.
    pub fn stranger(self) -> Self {
        self.then(Step::Stranger)
    }

    /// Sends this over the data connection, and ends it.
    pub fn data(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.send(bytes).close_data()
    }

    /// Sends this over the data connection, which stays open.
    pub fn send(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Send(bytes.into()))
    }

    /// Reads the data connection to its end, however it ends: see [`Played::transfers`].
    pub fn receive(self) -> Self {
        self.then(Step::Receive(Reading::Anything))
    }

    /// Reads the data connection to its regular end, and wants exactly this.
    pub fn expect_data(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Receive(Reading::Exactly(bytes.into())))
    }

    /// Reads the data connection, and wants it to end by a reset.
    pub fn expect_reset(self) -> Self {
        self.then(Step::Receive(Reading::ToReset))
    }

    /// Reads this much of the data connection, which stays open.
    pub fn read(self, bytes: usize) -> Self {
        self.then(Step::Read(bytes))
    }

    /// Wants the client to end its side of the data connection, having sent nothing; the other stays open.
    pub fn expect_end_of_sending(self) -> Self {
        self.then(Step::ExpectEndOfSending)
    }

    /// Ends the data connection regularly.
    pub fn close_data(self) -> Self {
        self.then(Step::CloseData)
    }

    /// Resets the data connection.
    pub fn reset_data(self) -> Self {
        self.then(Step::ResetData)
    }

    /// Lets the client run for a while, and wants to hear nothing of it.
    ///
    /// A client that speaks is caught unless it is very slow; one that waits never fails this.
    pub fn quiet(self) -> Self {
        self.then(Step::Quiet)
    }

    /// Answers nothing more, whatever comes, and keeps all connections open.
    pub fn stall(self) -> Self {
        self.then(Step::Stall)
    }

    /// Ends the control connection regularly.
    pub fn close(self) -> Self {
        self.then(Step::Close)
    }

    /// Resets the control connection.
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    /// Starts the server; it takes one client.
    ///
    /// # Panics
    ///
    /// If the system has no free loopback port.
    pub async fn start(self) -> ScriptedServer {
        let greeting = self.greeting.map(|line| Step::Say(format!("{line}\r\n").into_bytes()));
        let steps = greeting.into_iter().chain(self.steps).collect();
        ScriptedServer::start(self.host, steps).await
    }

    /// Starts a server that plays a script to each client, in the order in which they come, and takes no more.
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
