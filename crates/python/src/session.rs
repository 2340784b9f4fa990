//! Transfers of files and trees over the session of a Python client.
//!
//! The client sends its commands itself, over a [`Connection`]. For a transfer, that lends its socket to a client of
//! the library, which returns it afterwards. A cancelled transfer keeps the socket: [`Session::reclaim`] reads the
//! replies that the server still owes, and returns it then.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError},
    time::Duration,
};

use oxftp::{
    ActiveMode, BoxFuture, Client, ClientBuilder, Code, Encoding, Error, Host, Links, OpenSession, Reply,
    Report, Timeouts, Verify,
};
use pyo3::{exceptions::PyValueError, prelude::*};
use tokio::sync::{Mutex, Notify};

use crate::{
    bridge::{Job, outcome},
    connection::{Connection, Shared},
    direct_fs::DirectFs,
    error::transfer_exception,
    pool::{Path, Summary, passive_mode, progress_observer, verify_named},
    proxy::Route,
    runtime,
    tls::TlsSession,
};

/// Native transfers of one Python client.
#[pyclass(frozen, module = "oxftp._oxftp")]
pub(crate) struct Session {
    connection: Arc<Shared>,
    lent: Arc<Mutex<LentSession>>,
    /// Ends the latest transfer.
    aborted: std::sync::Mutex<Arc<Notify>>,
}

struct LentSession {
    builder: ClientBuilder,
    host: Host,
    greeting: Reply,
    tls: Option<oxftp::TlsSession>,
    fs: DirectFs,
    client: Option<Client>,
    /// The client has the socket of the connection.
    is_attached: bool,
}

/// The options of a session, as a dictionary of Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct SessionOptions {
    host: String,
    port: u16,
    greeting: Vec<String>,
    socket_timeout: Option<f64>,
    connection_timeout: Option<f64>,
    encoding: String,
    passive: Vec<String>,
    trust_passive_address: bool,
    active: bool,
    route: Route,
}

/// The options of a transfer, as a dictionary of Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct TransferOptions {
    resume: bool,
    verify: Option<String>,
    progress: Option<Py<PyAny>>,
}

impl TransferOptions {
    /// Returns whether files are written under their final names, and not compared with the server's.
    fn is_plain(&self) -> bool {
        !self.resume && self.verify.is_none()
    }

    fn verify(&self) -> PyResult<Verify> {
        self.verify
            .as_deref()
            .map_or(Ok(if self.resume { Verify::Auto } else { Verify::Nothing }), verify_named)
    }
}

#[pymethods]
impl Session {
    #[new]
    fn new(connection: &Connection, tls: Option<&TlsSession>, options: SessionOptions) -> PyResult<Self> {
        let encoding: Encoding =
            options.encoding.parse().map_err(|_| PyValueError::new_err("unknown encoding"))?;
        let passive = options.passive.iter().map(|name| passive_mode(name)).collect::<PyResult<Vec<_>>>()?;
        let fs = DirectFs::default();
        let builder = Client::builder()
            .encoding(encoding)
            .passive_commands(passive)
            .trust_passive_address(options.trust_passive_address)
            .timeouts(timeouts(options.socket_timeout, options.connection_timeout)?)
            // As the listings of the Python client.
            .list_all(false)
            .file_system(fs.clone());
        let builder = if options.active { builder.active(ActiveMode::new()) } else { builder };
        let lines = options.greeting.iter().map(|line| line.as_bytes());
        let lent = LentSession {
            builder: options.route.apply(builder)?,
            host: Host { name: options.host, port: Some(options.port) },
            greeting: Reply::new(Code::READY, lines),
            tls: tls.map(|tls| tls.session.clone()),
            fs,
            client: None,
            is_attached: false,
        };
        Ok(Self {
            connection: connection.shared(),
            lent: Arc::new(Mutex::new(lent)),
            aborted: std::sync::Mutex::default(),
        })
    }

    /// Downloads a file or a tree, whose local path is `target`.
    fn download(&self, source: Path, target: PathBuf, options: TransferOptions) -> PyResult<Job> {
        let (is_plain, verify) = (options.is_plain(), options.verify()?);
        self.transfer(is_plain, move |client| {
            Box::pin(async move {
                // As the parsers of aioftp do: a link in a listing of `LIST` is a file or a directory, one of `MLSD` neither.
                let has_mlsd = client.features().await?.contains("MLST");
                let mut job = client
                    .download(source.0)
                    .to_file(target)
                    .links(if has_mlsd { Links::Skip } else { Links::Follow })
                    .skip_special_files(true)
                    .resume(options.resume)
                    .verify(verify);
                if is_plain {
                    job = job.max_errors(0);
                }
                if let Some(progress) = options.progress {
                    job = job.progress(Arc::new(progress_observer(progress)));
                }
                job.await
            })
        })
    }

    /// Uploads a file or a tree, whose path on the server is `target`.
    fn upload(&self, source: PathBuf, target: Path, options: TransferOptions) -> PyResult<Job> {
        let (is_plain, verify) = (options.is_plain(), options.verify()?);
        self.transfer(is_plain, move |client| {
            Box::pin(async move {
                let mut job = client
                    .upload(source)
                    .to(target.0)
                    .write_into(true)
                    .links(Links::Follow)
                    .skip_special_files(true)
                    .resume(options.resume)
                    .verify(verify);
                if is_plain {
                    job = job.max_errors(0);
                }
                if let Some(progress) = options.progress {
                    job = job.progress(Arc::new(progress_observer(progress)));
                }
                job.await
            })
        })
    }

    /// Ends the running transfer with an error.
    fn abort(&self) {
        self.aborted.lock().unwrap_or_else(PoisonError::into_inner).notify_one();
    }

    /// Returns the socket to the connection after a cancelled transfer.
    fn reclaim(&self) -> PyResult<Job> {
        self.connection.check_process()?;
        let (connection, lent) = (self.connection.clone(), self.lent.clone());
        Ok(Job::new(async move {
            let mut lent = lent.lock().await;
            outcome(lent.give_back(&connection).await, transfer_exception)
        }))
    }

    /// Closes the socket, if a transfer has it.
    fn close(&self) {
        if self.connection.check_process().is_err() {
            return;
        }
        let lent = self.lent.clone();
        // While the interpreter exits, the operating system closes it.
        if let Ok(runtime) = runtime::current() {
            runtime.handle().spawn(async move { lent.lock().await.client = None });
        }
    }
}

impl Session {
    fn transfer(
        &self,
        is_plain: bool,
        work: impl for<'c> FnOnce(&'c mut Client) -> BoxFuture<'c, Result<Report, Error>> + Send + 'static,
    ) -> PyResult<Job> {
        self.connection.check_process()?;
        let (connection, lent) = (self.connection.clone(), self.lent.clone());
        let aborted = Arc::new(Notify::new());
        *self.aborted.lock().unwrap_or_else(PoisonError::into_inner) = aborted.clone();
        Ok(Job::new(async move {
            let mut lent = lent.lock().await;
            let done = async {
                lent.fs.set_direct(is_plain);
                let client = lent.borrow(&connection)?;
                tokio::select! {
                    biased;
                    () = connection.closed() => Err(closed()),
                    () = aborted.notified() => Err(aborted_by_caller()),
                    done = work(client) => done,
                }
            };
            let done = done.await;
            // The result of the transfer matters more; a lost connection is the error of the next command.
            let _ = lent.give_back(&connection).await;
            outcome(done.map(Summary), transfer_exception)
        }))
    }
}

impl LentSession {
    /// Returns the client, with the socket of the connection.
    fn borrow(&mut self, connection: &Shared) -> Result<&mut Client, Error> {
        if !self.is_attached {
            let socket = connection.lend().ok_or_else(closed)?;
            match &mut self.client {
                Some(client) => client.attach(socket),
                None => {
                    let mut session = OpenSession::new(self.host.clone(), self.greeting.clone(), socket);
                    if let Some(tls) = &self.tls {
                        session = session.tls(tls.clone());
                    }
                    self.client = Some(self.builder.clone().adopt(session));
                }
            }
            self.is_attached = true;
        }
        self.client.as_mut().ok_or_else(closed)
    }

    /// Returns the socket to the connection, after the replies that are outstanding.
    async fn give_back(&mut self, connection: &Shared) -> Result<(), Error> {
        if !self.is_attached {
            return Ok(());
        }
        let Some(client) = &mut self.client else {
            connection.take_back(None);
            return Err(closed());
        };
        // pyftpdlib does not reply to an upload that is reset before its first byte.
        let late = Error::Timeout { what: "the reply to a cancelled transfer", deadline: OWED_WITHIN };
        let detached = tokio::select! {
            biased;
            () = connection.closed() => Err(closed()),
            detached = tokio::time::timeout(OWED_WITHIN, client.detach()) => detached.unwrap_or(Err(late)),
        };
        self.is_attached = false;
        match detached {
            Ok(socket) => {
                connection.take_back(Some(socket));
                Ok(())
            }
            Err(error) => {
                self.client = None;
                connection.take_back(None);
                Err(error)
            }
        }
    }
}

/// The wait for replies that the server owes after a cancelled transfer. There is no deadline otherwise, by default.
const OWED_WITHIN: Duration = Duration::from_secs(5);

fn closed() -> Error {
    Error::Control(std::io::ErrorKind::ConnectionReset.into())
}

fn aborted_by_caller() -> Error {
    Error::Data { reply: None, source: std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "aborted") }
}

/// Returns deadlines for each step, as those of a Python client: there are none by default.
fn timeouts(socket: Option<f64>, connection: Option<f64>) -> PyResult<Timeouts> {
    let duration = |seconds: Option<f64>| {
        let invalid = |_| PyValueError::new_err("a timeout must be a positive number of seconds");
        seconds.map(|seconds| Duration::try_from_secs_f64(seconds).map_err(invalid)).transpose()
    };
    let (socket, connection) = (duration(socket)?, duration(connection)?);
    let mut timeouts = Timeouts::default();
    timeouts.connect = connection;
    timeouts.data_connect = connection;
    timeouts.command = socket;
    timeouts.data_idle = socket;
    timeouts.completion = socket;
    Ok(timeouts)
}
