//! Player: runs a script for one client.

use std::io::{self, Read};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::data::{Data, context, reset_on_close};
use super::played::Played;
use super::step::{Step, quoted};

/// The current position in a script as text, for the message of a failed test.
#[derive(Debug, Clone, Default)]
pub(super) struct Position(Arc<Mutex<String>>);

impl Position {
    pub(super) fn set(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    pub(super) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Plays the steps to the first client, and then checks that it sends nothing more until `finish`.
pub(super) async fn play(
    listener: TcpListener,
    host: IpAddr,
    steps: Vec<Step>,
    position: Position,
    finish: oneshot::Receiver<()>,
) -> Result<Played, String> {
    let outcome = run(listener, host, &steps, &position, finish).await;
    outcome.map_err(|why| {
        let failure = format!("{}: {why}", position.text());
        position.set(failure.clone());
        failure
    })
}

async fn run(
    listener: TcpListener,
    host: IpAddr,
    steps: &[Step],
    position: &Position,
    finish: oneshot::Receiver<()>,
) -> Result<Played, String> {
    position.set("before the first step of the script, waiting for a client".to_owned());
    let (control, peer) = listener.accept().await.map_err(context("accepting the client failed"))?;
    // A second connection is refused.
    drop(listener);
    control.set_nodelay(true).map_err(context("the client has disconnected"))?;
    let mut player = Player {
        control: Some(control),
        received: Vec::new(),
        data: Data::new(host),
        transfers: Vec::new(),
        ignores_input: false,
    };
    for (number, step) in steps.iter().enumerate() {
        position.set(format!("step {} of {} of the script, {step}", number + 1, steps.len()));
        player.step(step).await?;
    }
    position.set("after the last step of the script".to_owned());
    player.expect_nothing_more(finish).await?;
    player.data.check().await?;
    Ok(Played { control_peer: peer, data_peers: player.data.peers, transfers: player.transfers })
}

struct Player {
    /// `None` after this side closed it.
    control: Option<TcpStream>,
    /// Received bytes that no step has consumed yet.
    received: Vec<u8>,
    data: Data,
    transfers: Vec<super::Transfer>,
    ignores_input: bool,
}

impl Player {
    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Expect(expected) => self.expect(|line| line == expected).await.map(drop),
            Step::ExpectStart(start) => self.expect(|line| line.starts_with(start)).await.map(drop),
            Step::SendControl(bytes) => self.send_control(bytes).await,
            Step::SendByteByByte(bytes) => {
                for byte in bytes {
                    self.send_control(&[*byte]).await?;
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    self.send_control(&[*byte]).await?;
                    tokio::time::sleep(*pause).await;
                }
                Ok(())
            }
            Step::Listen(how) => {
                let reply = self.data.listen(*how).await?;
                self.send_control(reply.as_bytes()).await
            }
            Step::ConnectBack(verb) => {
                let line = self.expect(|line| line.starts_with(verb.as_bytes())).await?;
                self.data.connect_back(&line)?;
                self.send_control(b"200 will connect\r\n").await
            }
            Step::ForeignConnection => self.data.foreign_connection().await,
            Step::Send(bytes) => self.data.send(bytes).await,
            Step::Read(count) => self.data.read(*count).await,
            Step::Receive(reading) => {
                let transfer = self.data.receive(reading).await?;
                self.transfers.push(transfer);
                Ok(())
            }
            Step::ExpectEndOfSending => self.data.expect_end_of_sending().await,
            Step::CloseData => self.data.close().await,
            Step::EndSending => self.data.end_sending().await,
            Step::ResetData => self.data.reset().await,
            Step::ExpectSilence => {
                for _ in 0..MAX_YIELDS {
                    tokio::task::yield_now().await;
                }
                self.receive_available();
                self.expect_nothing_received()
            }
            Step::Stall => {
                self.ignores_input = true;
                Ok(())
            }
            Step::Close => self.end().await,
            Step::Reset => {
                reset_on_close(self.control()?);
                self.control = None;
                Ok(())
            }
        }
    }

    async fn expect(&mut self, matches: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, String> {
        let line = self.line().await?;
        if matches(&line) { Ok(line) } else { Err(format!("received {}", quoted(&line))) }
    }

    /// Reads one line, which must end with CR LF.
    async fn line(&mut self) -> Result<Vec<u8>, String> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                let whole = line.strip_suffix(b"\r\n").map(<[u8]>::to_vec);
                return whole.ok_or_else(|| format!("{} does not end in CR LF", quoted(&line)));
            }
            if self.receive_more().await? == 0 {
                return Err(format!("the client closed the connection after {}", quoted(&self.received)));
            }
        }
    }

    async fn receive_more(&mut self) -> Result<usize, String> {
        let Self { control, received, .. } = self;
        let control = control.as_mut().ok_or("the control connection is closed")?;
        control.read_buf(received).await.map_err(context("the control connection failed"))
    }

    async fn send_control(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.control()?.write_all(bytes).await.map_err(context("sending a reply failed"))
    }

    async fn end(&mut self) -> Result<(), String> {
        // The client may have closed first.
        let _ = self.control()?.shutdown().await;
        self.control = None;
        Ok(())
    }

    fn control(&mut self) -> Result<&mut TcpStream, String> {
        self.control.as_mut().ok_or_else(|| "the control connection is closed".to_owned())
    }

    /// Waits for `finish`; fails at once if the client sends anything before.
    async fn expect_nothing_more(&mut self, mut finish: oneshot::Receiver<()>) -> Result<(), String> {
        loop {
            self.expect_nothing_received()?;
            let Some(control) = &mut self.control else {
                let _ = finish.await;
                return Ok(());
            };
            tokio::select! {
                read = control.read_buf(&mut self.received) => {
                    if !matches!(read, Ok(1..)) {
                        self.control = None;
                    }
                }
                _ = &mut finish => {
                    self.receive_available();
                    return self.expect_nothing_received();
                }
            }
        }
    }

    /// Reads without waiting, directly from the socket: the readiness of the reactor may be stale.
    fn receive_available(&mut self) {
        let Some(control) = &self.control else { return };
        let mut space = [0; 1024];
        let read: io::Result<usize> = (&*SockRef::from(control)).read(&mut space);
        self.received.extend_from_slice(&space[..read.unwrap_or(0)]);
    }

    fn expect_nothing_received(&mut self) -> Result<(), String> {
        if self.ignores_input {
            self.received.clear();
        }
        if self.received.is_empty() { Ok(()) } else { Err(format!("received {}", quoted(&self.received))) }
    }
}

/// The number of times the client may run before it counts as waiting.
const MAX_YIELDS: usize = 2000;
