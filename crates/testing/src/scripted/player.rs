//! Playing a script to one client.

use std::io::{self, Read};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::data::{Data, reset_on_close, told};
use super::server::Played;
use super::step::{Step, shown};

/// Where a script stands, in words, for a test that fails meanwhile.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing(Arc<Mutex<String>>);

impl Standing {
    pub(super) fn set(&self, words: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = words;
    }

    pub(super) fn words(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Plays the steps to the first client, and then hears that nothing else comes until `finish`.
pub(super) async fn play(
    listener: TcpListener,
    host: IpAddr,
    steps: Vec<Step>,
    standing: Standing,
    finish: oneshot::Receiver<()>,
) -> Result<Played, String> {
    let outcome = run(listener, host, &steps, &standing, finish).await;
    outcome.map_err(|why| {
        let failure = format!("{}: {why}", standing.words());
        standing.set(failure.clone());
        failure
    })
}

async fn run(
    listener: TcpListener,
    host: IpAddr,
    steps: &[Step],
    standing: &Standing,
    finish: oneshot::Receiver<()>,
) -> Result<Played, String> {
    standing.set("before the first step of the script, waiting for a client".to_owned());
    let (control, peer) = listener.accept().await.map_err(told("no client"))?;
    // A second connection would be a surprise.
    drop(listener);
    control.set_nodelay(true).map_err(told("the client is gone"))?;
    let mut player = Player {
        control: Some(control),
        heard: Vec::new(),
        data: Data::new(host),
        transfers: Vec::new(),
        lenient: false,
    };
    for (number, step) in steps.iter().enumerate() {
        standing.set(format!("step {} of {} of the script, {step}", number + 1, steps.len()));
        player.step(step).await?;
    }
    standing.set("after the last step of the script".to_owned());
    player.hear_nothing_more(finish).await?;
    player.data.check().await?;
    Ok(Played { control_peer: peer, data_peers: player.data.peers, transfers: player.transfers })
}

struct Player {
    /// `None` once this side closed it.
    control: Option<TcpStream>,
    /// What came and is not read yet.
    heard: Vec<u8>,
    data: Data,
    transfers: Vec<super::Transfer>,
    lenient: bool,
}

impl Player {
    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Expect(wanted) => self.expect(|line| line == wanted).await.map(drop),
            Step::ExpectStart(start) => self.expect(|line| line.starts_with(start)).await.map(drop),
            Step::Say(bytes) => self.say(bytes).await,
            Step::SayByteByByte(bytes) => {
                for byte in bytes {
                    self.say(&[*byte]).await?;
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    self.say(&[*byte]).await?;
                    tokio::time::sleep(*pause).await;
                }
                Ok(())
            }
            Step::Listen(how) => {
                let reply = self.data.listen(*how).await?;
                self.say(reply.as_bytes()).await
            }
            Step::ConnectBack(verb) => {
                let line = self.expect(|line| line.starts_with(verb.as_bytes())).await?;
                self.data.connect_back(&line)?;
                self.say(b"200 will connect\r\n").await
            }
            Step::Stranger => self.data.stranger().await,
            Step::Send(bytes) => self.data.send(bytes).await,
            Step::Read(count) => self.data.read(*count).await,
            Step::Receive(reading) => {
                let transfer = self.data.receive(reading).await?;
                self.transfers.push(transfer);
                Ok(())
            }
            Step::ExpectEndOfSending => self.data.expect_end_of_sending().await,
            Step::CloseData => self.data.close().await,
            Step::ResetData => self.data.reset().await,
            Step::Quiet => {
                for _ in 0..TURNS {
                    tokio::task::yield_now().await;
                }
                self.hear_what_is_there();
                self.refuse_surprises()
            }
            Step::Stall => {
                self.lenient = true;
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

    async fn expect(&mut self, right: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, String> {
        let line = self.line().await?;
        if right(&line) { Ok(line) } else { Err(format!("{} came", shown(&line))) }
    }

    /// Reads one line, which must end as RFC 959 says.
    async fn line(&mut self) -> Result<Vec<u8>, String> {
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                let whole = line.strip_suffix(b"\r\n").map(<[u8]>::to_vec);
                return whole.ok_or_else(|| format!("{} does not end in CR LF", shown(&line)));
            }
            if self.hear().await? == 0 {
                return Err(format!("the client closed the connection after {}", shown(&self.heard)));
            }
        }
    }

    async fn hear(&mut self) -> Result<usize, String> {
        let Self { control, heard, .. } = self;
        let control = control.as_mut().ok_or("the control connection is closed")?;
        control.read_buf(heard).await.map_err(told("the control connection failed"))
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.control()?.write_all(bytes).await.map_err(told("nothing can be said"))
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

    /// Waits for `finish`; fails at once if the client says anything before it.
    async fn hear_nothing_more(&mut self, mut finish: oneshot::Receiver<()>) -> Result<(), String> {
        loop {
            self.refuse_surprises()?;
            let Some(control) = &mut self.control else {
                let _ = finish.await;
                return Ok(());
            };
            tokio::select! {
                read = control.read_buf(&mut self.heard) => {
                    if !matches!(read, Ok(1..)) {
                        self.control = None;
                    }
                }
                _ = &mut finish => {
                    self.hear_what_is_there();
                    return self.refuse_surprises();
                }
            }
        }
    }

    /// Reads without waiting, and without asking a reactor that may not have looked yet.
    fn hear_what_is_there(&mut self) {
        let Some(control) = &self.control else { return };
        let mut space = [0; 1024];
        let read: io::Result<usize> = (&*SockRef::from(control)).read(&mut space);
        self.heard.extend_from_slice(&space[..read.unwrap_or(0)]);
    }

    fn refuse_surprises(&mut self) -> Result<(), String> {
        if self.lenient {
            self.heard.clear();
        }
        if self.heard.is_empty() { Ok(()) } else { Err(format!("{} came", shown(&self.heard))) }
    }
}

/// How often the client may run before it counts as waiting.
const TURNS: usize = 2000;
