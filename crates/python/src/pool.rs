//! A pool of sessions, whose jobs run in the client library.

use std::{
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use oxftp::{
    ActiveMode, Client, ClientBuilder, Credentials, DownloadStream, Encoding, Entry, Error, Host,
    PassiveMode, PooledClient, ProgressEvent, RangeStream, RemotePath, Report, Timeouts, UploadStream,
    Verify, Zone,
    mirror::{Delete, Filter, Links},
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyString},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    bridge::{Job, outcome},
    error::{exception, message},
    proxy::Route,
    tls::TlsConfig,
};

/// Sessions of one login on one server, opened on demand. A forked child opens sessions of its own.
#[pyclass(frozen, module = "oxftp._oxftp")]
pub(crate) struct Pool {
    builder: ClientBuilder,
    host: Host,
    credentials: Credentials,
    sessions: usize,
    /// With the process that it belongs to.
    opened: Mutex<Option<(u32, oxftp::Pool)>>,
}

/// The options of a pool, as a dictionary of Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Options {
    host: String,
    port: Option<u16>,
    user: String,
    password: String,
    account: Option<String>,
    sessions: usize,
    timeout: Option<f64>,
    encoding: String,
    passive: Vec<String>,
    trust_passive_address: bool,
    active: bool,
    route: Route,
}

#[pymethods]
impl Pool {
    #[new]
    fn new(
        py: Python<'_>,
        options: Options,
        explicit: Option<&TlsConfig>,
        implicit: Option<&TlsConfig>,
    ) -> PyResult<Self> {
        let encoding = Encoding::from_str(&options.encoding).map_err(|error| exception(py, error.into()))?;
        let passive = options.passive.iter().map(|name| passive_mode(name)).collect::<PyResult<Vec<_>>>()?;
        let mut builder = Client::builder()
            .encoding(encoding)
            .passive_commands(passive)
            .trust_passive_address(options.trust_passive_address);
        if let Some(timeout) = options.timeout {
            let timeout = Duration::try_from_secs_f64(timeout)
                .map_err(|_| PyValueError::new_err("a timeout must be a positive number of seconds"))?;
            builder = builder.timeouts(Timeouts::all(timeout));
        }
        if options.active {
            builder = builder.active(ActiveMode::new());
        }
        if let Some(tls) = explicit {
            builder = builder.explicit_tls(tls.config.clone());
        }
        if let Some(tls) = implicit {
            builder = builder.implicit_tls(tls.config.clone());
        }
        let mut credentials = Credentials::new(options.user, options.password);
        if let Some(account) = options.account {
            credentials = credentials.account(account);
        }
        Ok(Self {
            builder: options.route.apply(builder)?,
            host: Host { name: options.host, port: options.port },
            credentials,
            sessions: options.sessions,
            opened: Mutex::new(None),
        })
    }

    /// Returns what `MLST`, or a listing of the parent directory, says about a path.
    fn info(&self, path: Path) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let found = pool.metadata(&path.0).await;
            let found = explained(&pool, &path.0, found).await;
            outcome(found.map(|entry| Info { path: path.0, entry }), exception)
        })
    }

    /// Lists a directory; with `recursive`, the whole tree.
    #[pyo3(signature = (path, *, recursive=false))]
    fn list(&self, path: Path, recursive: bool) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let found = if recursive { pool.walk(&path.0).await } else { pool.list(&path.0).await };
            let found = explained(&pool, &path.0, found).await.map(|entries| {
                entries
                    .into_iter()
                    .map(|it| Info { path: it.path(), entry: it.into_entry() })
                    .collect::<Vec<_>>()
            });
            outcome(found, exception)
        })
    }

    fn exists(&self, path: Path) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let exists = pool.try_exists(&path.0).await;
            let exists = match explained(&pool, &path.0, exists).await {
                Err(Error::NotFound { .. }) => Ok(false),
                exists => exists,
            };
            outcome(exists, exception)
        })
    }

    fn read(&self, path: Path) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let read = pool.read(&path.0).await;
            outcome(explained(&pool, &path.0, read).await.map(Block), exception)
        })
    }

    /// Reads ranges, given as pairs of their first byte and the one after the last.
    fn read_ranges(&self, path: Path, ranges: Vec<(u64, u64)>) -> Job {
        let pool = self.pool();
        let ranges: Vec<_> = ranges.into_iter().map(|(start, end)| start..end.max(start)).collect();
        Job::new(async move {
            let read = pool.read_ranges(&path.0, &ranges).await;
            let read = explained(&pool, &path.0, read).await;
            outcome(read.map(|blocks| blocks.into_iter().map(Block).collect::<Vec<_>>()), exception)
        })
    }

    fn write(&self, path: Path, contents: Bytes) -> Job {
        let pool = self.pool();
        Job::new(async move { outcome(pool.write(path.0, contents).await, exception) })
    }

    /// Creates a directory; with `parents`, also those above it, and an existing one is no error.
    fn mkdir(&self, path: Path, parents: bool) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let created = async {
                if parents { pool.create_dir_all(path.0).await } else { pool.create_dir(path.0).await }
            };
            outcome(created.await, exception)
        })
    }

    fn rename(&self, source: Path, destination: Path) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let renamed = pool.rename(&source.0, destination.0).await;
            outcome(explained(&pool, &source.0, renamed).await, exception)
        })
    }

    /// Renames a file in place of an existing one.
    fn replace(&self, source: Path, destination: Path) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let replaced = async { pool.client().await?.replace(&source.0, destination.0).await };
            let replaced = replaced.await;
            outcome(explained(&pool, &source.0, replaced).await, exception)
        })
    }

    fn remove_file(&self, path: Path) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let removed = pool.remove_file(&path.0).await;
            outcome(explained(&pool, &path.0, removed).await, exception)
        })
    }

    fn remove_dir(&self, path: Path) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let removed = pool.remove_dir(&path.0).await;
            outcome(explained(&pool, &path.0, removed).await, exception)
        })
    }

    /// Removes a directory with everything below it.
    fn remove_tree(&self, path: Path) -> Job {
        let pool = self.pool();
        Job::new(async move { outcome(pool.remove_dir_all(path.0).await.map(Summary), exception) })
    }

    /// Returns the modification time of a file by `MDTM`, in seconds since 1970.
    fn modified(&self, path: Path) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let found = async { pool.client().await?.modified(&path.0).await };
            let found = found.await;
            outcome(explained(&pool, &path.0, found).await.map(|time| seconds(&time)), exception)
        })
    }

    /// Sets the modification time of a file, in seconds since 1970.
    fn set_modified(&self, path: Path, seconds: i64) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let set = async {
                let time = oxftp::Timestamp::from_unix(seconds, 0).unwrap_or(oxftp::Timestamp::UNIX_EPOCH);
                pool.client().await?.set_modified(path.0, time).await
            };
            outcome(set.await, exception)
        })
    }

    /// Downloads a file or a tree.
    fn download(
        &self,
        py: Python<'_>,
        source: Path,
        destination: PathBuf,
        options: Transfer,
    ) -> PyResult<Job> {
        let (pool, verify) = (self.pool(), options.verify(py)?);
        Ok(Job::new(async move {
            let mut job = pool
                .download(source.0)
                .to(destination)
                .write_into(options.write_into)
                .resume(options.resume)
                .preserve_times(options.preserve_times)
                .verify(verify)
                .segments(options.segments.max(1));
            if let Some(progress) = options.progress {
                job = job.progress(Arc::new(progress_observer(progress)));
            }
            outcome(job.await.map(Summary), exception)
        }))
    }

    /// Uploads a file or a tree.
    fn upload(&self, py: Python<'_>, source: PathBuf, destination: Path, options: Transfer) -> PyResult<Job> {
        let (pool, verify) = (self.pool(), options.verify(py)?);
        Ok(Job::new(async move {
            let mut job = pool
                .upload(source)
                .to(destination.0)
                .write_into(options.write_into)
                .resume(options.resume)
                .preserve_times(options.preserve_times)
                .temporary(options.temporary)
                .verify(verify);
            if let Some(progress) = options.progress {
                job = job.progress(Arc::new(progress_observer(progress)));
            }
            outcome(job.await.map(Summary), exception)
        }))
    }

    /// Makes one tree equal to another; `upwards` with the local tree as the source.
    fn mirror(&self, upwards: bool, local: PathBuf, remote: Path, options: MirrorOptions) -> PyResult<Job> {
        let pool = self.pool();
        let invalid = |error: oxftp::mirror::FilterError| PyValueError::new_err(error.to_string());
        let mut filter = Filter::new();
        for pattern in &options.include {
            filter = filter.include(pattern).map_err(invalid)?;
        }
        for pattern in &options.exclude {
            filter = filter.exclude(pattern).map_err(invalid)?;
        }
        let delete = match options.delete.as_str() {
            "never" => Delete::Never,
            "before" => Delete::Before,
            "after" => Delete::After,
            other => {
                return Err(PyValueError::new_err(format!(
                    "delete must be never, before or after, not {other:?}"
                )));
            }
        };
        let links = match options.links.as_str() {
            "skip" => Links::Skip,
            "follow" => Links::Follow,
            "copy" => Links::Copy,
            other => {
                return Err(PyValueError::new_err(format!(
                    "links must be skip, follow or copy, not {other:?}"
                )));
            }
        };
        Ok(Job::new(async move {
            let mirror =
                if upwards { pool.mirror_up(local, remote.0) } else { pool.mirror_down(remote.0, local) };
            let mut mirror = mirror.filter(filter).delete(delete).links(links).dry_run(options.dry_run);
            if let Some(most) = options.max_deletions {
                mirror = mirror.max_deletions(most);
            }
            if let Some(progress) = options.progress {
                mirror = mirror.progress(Arc::new(progress_observer(progress)));
            }
            let steps = Arc::new(Mutex::new(Vec::new()));
            if options.steps {
                let seen = steps.clone();
                mirror = mirror.on_step(move |step| {
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push(step.to_string());
                });
            }
            let done = mirror.await.map(|report| {
                let steps = std::mem::take(&mut *steps.lock().unwrap_or_else(PoisonError::into_inner));
                (Summary(report), steps)
            });
            outcome(done, exception)
        }))
    }

    /// Opens a file for reading, from `start` on, up to `end`.
    #[pyo3(signature = (path, start=0, end=None))]
    fn open_read(&self, path: Path, start: u64, end: Option<u64>) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let opened = async {
                Ok(match (start, end) {
                    (0, None) => Reading::Whole(pool.open_read(&path.0).await?),
                    (_, None) => Reading::Part(pool.open_range(&path.0, start..).await?),
                    (_, Some(end)) => Reading::Part(pool.open_range(&path.0, start..end).await?),
                })
            };
            let opened = explained(&pool, &path.0, opened.await).await;
            let opened =
                opened.map(|stream| ReadStream { stream: Arc::new(tokio::sync::Mutex::new(Some(stream))) });
            outcome(opened, exception)
        })
    }

    /// Opens a file for writing.
    fn open_write(&self, path: Path) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let opened = pool.open_write(path.0).await;
            let opened =
                opened.map(|stream| WriteStream { stream: Arc::new(tokio::sync::Mutex::new(Some(stream))) });
            outcome(opened, exception)
        })
    }

    /// Sends a command and returns the code and the lines of its reply.
    fn command(&self, line: String) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let replied = async {
                let reply = pool.client().await?.command(line).await?;
                let lines: Vec<String> =
                    reply.lines().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
                Ok::<_, Error>((reply.code().to_string(), lines))
            };
            outcome(replied.await, exception)
        })
    }

    /// The numbers of full and resumed TLS handshakes of one session.
    fn tls_counts(&self) -> Job {
        let pool = self.pool();
        Job::new(async move {
            let counts = pool.client().await.map(|client| {
                let counts = client.tls_counts();
                (counts.full, counts.resumed)
            });
            outcome(counts, exception)
        })
    }

    /// Sends `QUIT` on idle sessions and closes them.
    fn close(&self) -> Job {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Job::new(async move {
            if let Some((_, pool)) = opened.filter(|(process, _)| *process == std::process::id()) {
                pool.close().await;
            }
            outcome(Ok::<_, Error>(()), exception)
        })
    }
}

impl Pool {
    /// Returns the pool of this process.
    fn pool(&self) -> oxftp::Pool {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match &*opened {
            Some((process, pool)) if *process == std::process::id() => pool.clone(),
            _ => {
                let pool =
                    oxftp::Pool::new(self.builder.clone(), self.host.clone(), self.credentials.clone())
                        .size(self.sessions);
                // The sessions of a parent process are its own: closing them here would disturb its runtime.
                std::mem::forget(opened.replace((std::process::id(), pool.clone())));
                pool
            }
        }
    }
}

/// Asks whether a path exists, if a refusal leaves that open: some servers have one reply for missing paths and for those
/// without permission, and vsftpd lists a missing directory as an incomplete one.
async fn explained<T>(pool: &oxftp::Pool, path: &RemotePath, result: Result<T, Error>) -> Result<T, Error> {
    let Err(refusal) = result else { return result };
    let is_open = match &refusal {
        Error::StatusCode(_) => {
            refusal.code().is_some_and(|code| code.matches("550"))
                && !refusal.is_not_found()
                && !refusal.is_permission_denied()
        }
        Error::IncompleteListing => true,
        _ => false,
    };
    if is_open && is_missing(pool, path).await {
        return Err(Error::NotFound { path: path.to_string(), refusal: Some(Box::new(refusal)) });
    }
    Err(refusal)
}

/// Returns whether a path, or a directory above it, does not exist.
async fn is_missing(pool: &oxftp::Pool, path: &RemotePath) -> bool {
    let mut path = path.clone();
    loop {
        match pool.try_exists(&path).await {
            Ok(exists) => return !exists,
            Err(Error::IncompleteListing) => {}
            Err(_) => return false,
        }
        let Some(parent) = path.parent() else { return false };
        path = parent;
    }
}

pub(crate) fn passive_mode(name: &str) -> PyResult<PassiveMode> {
    match name.to_ascii_lowercase().as_str() {
        "epsv" => Ok(PassiveMode::Epsv),
        "pasv" => Ok(PassiveMode::Pasv),
        _ => {
            Err(PyValueError::new_err(format!("{name:?} is not a passive command: use \"epsv\" or \"pasv\"")))
        }
    }
}

/// The options of a transfer, as a dictionary of Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Transfer {
    write_into: bool,
    resume: bool,
    preserve_times: bool,
    temporary: bool,
    verify: String,
    segments: usize,
    progress: Option<Py<PyAny>>,
}

impl Transfer {
    fn verify(&self, _py: Python<'_>) -> PyResult<Verify> {
        verify_named(&self.verify)
    }
}

pub(crate) fn verify_named(name: &str) -> PyResult<Verify> {
    match name {
        "auto" => Ok(Verify::Auto),
        "nothing" => Ok(Verify::Nothing),
        "size" => Ok(Verify::Size),
        "hash" => Ok(Verify::Hash),
        "content" => Ok(Verify::Content),
        other => Err(PyValueError::new_err(format!(
            "verify must be auto, nothing, size, hash or content, not {other:?}"
        ))),
    }
}

/// The options of a mirror, as a dictionary of Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct MirrorOptions {
    include: Vec<String>,
    exclude: Vec<String>,
    delete: String,
    max_deletions: Option<u64>,
    links: String,
    dry_run: bool,
    steps: bool,
    progress: Option<Py<PyAny>>,
}

/// Calls a Python function with each event: its kind, the name of the file, and a number of bytes. What the function
/// raises is printed, as with callbacks of an event loop.
pub(crate) fn progress_observer(function: Py<PyAny>) -> impl Fn(ProgressEvent<'_>) + Send + Sync {
    move |event| {
        let (kind, name, bytes) = match event {
            ProgressEvent::FileStarted { name, size, .. } => ("started", Some(name), size.unwrap_or(0)),
            ProgressEvent::Advanced { name, bytes } => ("advanced", name, bytes),
            ProgressEvent::FileRetried { name, moved, .. } => ("retried", Some(name), moved),
            ProgressEvent::FileFinished { name } => ("finished", Some(name), 0),
            ProgressEvent::FileFailed { name, .. } => ("failed", Some(name), 0),
            _ => return,
        };
        Python::try_attach(|py| {
            if let Err(error) = function.call1(py, (kind, name, bytes)) {
                error.write_unraisable(py, Some(function.bind(py)));
            }
        });
    }
}

enum Reading {
    Whole(DownloadStream<PooledClient>),
    Part(RangeStream<PooledClient>),
}

/// A file that is read. Dropping it returns its session to the pool.
#[pyclass(frozen, module = "oxftp._oxftp")]
pub(crate) struct ReadStream {
    stream: Arc<tokio::sync::Mutex<Option<Reading>>>,
}

#[pymethods]
impl ReadStream {
    /// Reads `count` bytes, or fewer at the end of the file.
    fn read(&self, count: usize) -> Job {
        let stream = self.stream.clone();
        Job::new(async move {
            let mut stream = stream.lock().await;
            let read = async {
                let Some(reading) = &mut *stream else { return Ok(Block(Bytes::new())) };
                let mut block = Vec::with_capacity(count.min(MAX_RESERVED));
                let read = match reading {
                    Reading::Whole(stream) => stream.take(count as u64).read_to_end(&mut block).await,
                    Reading::Part(stream) => stream.take(count as u64).read_to_end(&mut block).await,
                };
                if let Err(error) = read {
                    return Err(match stream.take() {
                        Some(Reading::Whole(stream)) => stream.fail(error).await,
                        Some(Reading::Part(stream)) => stream.fail(error).await,
                        None => Error::Control(error),
                    });
                }
                Ok(Block(block.into()))
            };
            outcome(read.await, exception)
        })
    }

    /// Ends the transfer: waits for the final reply, or aborts what was not read.
    fn close(&self) -> Job {
        let stream = self.stream.clone();
        Job::new(async move {
            let closed = match stream.lock().await.take() {
                Some(Reading::Whole(stream)) => match stream.finish().await {
                    Err(Error::Unfinished { .. }) => Ok(()),
                    finished => finished.map(|_| ()),
                },
                Some(Reading::Part(stream)) => match stream.finish().await {
                    Err(Error::Unfinished { .. }) => Ok(()),
                    finished => finished.map(|_| ()),
                },
                None => Ok(()),
            };
            outcome(closed, exception)
        })
    }
}

/// A file that is written.
#[pyclass(frozen, module = "oxftp._oxftp")]
pub(crate) struct WriteStream {
    stream: Arc<tokio::sync::Mutex<Option<UploadStream<PooledClient>>>>,
}

#[pymethods]
impl WriteStream {
    fn write(&self, data: Bytes) -> Job {
        let stream = self.stream.clone();
        Job::new(async move {
            let mut stream = stream.lock().await;
            let written = async {
                let Some(open) = &mut *stream else { return Err(closed()) };
                if let Err(error) = open.write_all(&data).await {
                    return Err(match stream.take() {
                        Some(stream) => stream.fail(error).await,
                        None => Error::Control(error),
                    });
                }
                Ok(())
            };
            outcome(written.await, exception)
        })
    }

    /// Ends the file and waits for the final reply.
    fn close(&self) -> Job {
        let stream = self.stream.clone();
        Job::new(async move {
            let closed = match stream.lock().await.take() {
                Some(stream) => stream.finish().await.map(|_| ()),
                None => Ok(()),
            };
            outcome(closed, exception)
        })
    }

    /// Aborts the transfer.
    fn abort(&self) -> Job {
        let stream = self.stream.clone();
        Job::new(async move {
            let aborted = match stream.lock().await.take() {
                Some(stream) => stream.abort().await.map(|_| ()),
                None => Ok(()),
            };
            outcome(aborted, exception)
        })
    }
}

fn closed() -> Error {
    Error::Control(std::io::Error::new(std::io::ErrorKind::BrokenPipe, "the stream is closed"))
}

/// A path of Python. What is not UTF-8 comes as surrogates.
pub(crate) struct Path(pub(crate) RemotePath);

impl<'a, 'py> FromPyObject<'a, 'py> for Path {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.extract::<&str>() {
            return Ok(Self(text.into()));
        }
        let bytes = object.call_method1("encode", ("utf-8", "surrogateescape"))?;
        Ok(Self(RemotePath::from_wire(bytes.extract()?, Encoding::UTF_8)))
    }
}

fn path_text<'py>(py: Python<'py>, path: &RemotePath) -> PyResult<Bound<'py, PyAny>> {
    if let Some(text) = path.as_str() {
        return Ok(PyString::new(py, text).into_any());
    }
    PyBytes::new(py, path.as_bytes()).call_method1("decode", ("utf-8", "surrogateescape"))
}

/// Bytes that become a `bytes` object.
struct Block(Bytes);

impl<'py> IntoPyObject<'py> for Block {
    type Target = PyBytes;
    type Output = Bound<'py, PyBytes>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0))
    }
}

/// An entry as a dictionary.
struct Info {
    path: RemotePath,
    entry: Entry,
}

impl<'py> IntoPyObject<'py> for Info {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let Self { path, entry } = self;
        let info = PyDict::new(py);
        info.set_item("name", path_text(py, &path)?)?;
        let kind = match entry.kind.as_str() {
            "dir" => "directory",
            "file" => "file",
            "link" => "link",
            _ => "other",
        };
        info.set_item("type", kind)?;
        info.set_item("size", entry.exact_size())?;
        let modified = entry.modified.as_ref();
        info.set_item("modify", modified.map(oxftp::Timestamp::to_mlsx))?;
        let zoned = modified.filter(|time| !matches!(time.zone(), Zone::Unknown));
        info.set_item("mtime", zoned.map(seconds))?;
        info.set_item("mode", entry.mode)?;
        info.set_item("unique", entry.facts().get("unique").map(|it| it.into_owned()))?;
        info.set_item("target", entry.link_target().map(|it| String::from_utf8_lossy(it).into_owned()))?;
        Ok(info)
    }
}

/// Seconds since 1970. A time without a zone counts as one in UTC, as `MDTM` has it (RFC 3659, 2.3).
fn seconds(time: &oxftp::Timestamp) -> f64 {
    time.to_unix(0) as f64 + f64::from(time.nanosecond()) / 1e9
}

/// A report as a dictionary.
pub(crate) struct Summary(pub(crate) Report);

impl<'py> IntoPyObject<'py> for Summary {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let report = self.0;
        let summary = PyDict::new(py);
        summary.set_item("files", report.files)?;
        summary.set_item("directories", report.directories)?;
        summary.set_item("bytes", report.bytes)?;
        summary.set_item("resumed", report.resumed)?;
        summary.set_item("deleted", report.deleted)?;
        summary.set_item("unchanged", report.unchanged)?;
        let failures = PyList::empty(py);
        for failure in &report.failures {
            failures.append((&failure.name, message(&failure.error)))?;
        }
        summary.set_item("failures", failures)?;
        Ok(summary)
    }
}

/// A caller may ask for more than a file has.
const MAX_RESERVED: usize = 1024 * 1024;
