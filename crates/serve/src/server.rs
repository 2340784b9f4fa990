//! Server: its threads, its address, its end.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use libunftp::ServerBuilder;
use libunftp::options::{ActivePassiveMode, FtpsRequired};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use crate::ServeError;
use crate::certificates::Authority;
use crate::folder::Folder;
use crate::front::take_off_tls;
use crate::login::SingleUserAuthenticator;
use crate::options::{ServeOptions, TlsMode};
use crate::passive::AnyPort;
use crate::tls::server_config;

/// A running server, which stops when dropped.
///
/// It has its own threads. It therefore replies even while the caller's runtime is busy, and stopping it ends
/// its sessions too.
///
/// ```
/// # let runtime = tokio::runtime::Runtime::new()?;
/// # runtime.block_on(async {
/// use oxftp_serve::{ServeOptions, Server};
///
/// let options = ServeOptions::new(std::env::temp_dir()).tls(true).user("me", "secret");
/// let server = Server::start(options).await?;
/// assert!(server.address().ip().is_loopback());
/// assert!(server.ca_pem().is_some());
/// server.stop().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ca_pem: Option<String>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Server {
    /// Starts the server. The port is open when this returns.
    ///
    /// # Errors
    ///
    /// [`ServeError`] when the directory, the address or the certificate cannot be used.
    pub async fn start(options: ServeOptions) -> Result<Self, ServeError> {
        let service = Service::prepare(&options)?;
        let ca_pem = service.tls.as_ref().map(|tls| tls.authority.pem().to_owned());
        let unavailable = |source| ServeError::Listen { address: options.address, source };
        let listener = listen(options.address).map_err(unavailable)?;
        let address = listener.local_addr().map_err(unavailable)?;
        let running = run(listener, service).map_err(|source| ServeError::Runtime { source })?;
        Ok(Self { address, ca_pem, running: Some(running) })
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the certificate of the authority to trust, in PEM, if the server uses TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Stops the server and ends all sessions.
    pub async fn stop(mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.stop.send(());
            // Joining a thread blocks for some milliseconds.
            let _ = tokio::task::spawn_blocking(move || running.thread.join()).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.stop.send(());
            let _ = running.thread.join();
        }
    }
}

/// Settings of every session.
#[derive(Clone)]
struct Service {
    root: PathBuf,
    writable: bool,
    authenticator: Arc<SingleUserAuthenticator>,
    tls: Option<Tls>,
}

#[derive(Clone)]
struct Tls {
    implicit: bool,
    config: Arc<ServerConfig>,
    authority: Arc<Authority>,
}

impl Service {
    fn prepare(options: &ServeOptions) -> Result<Self, ServeError> {
        let path = options.root.clone();
        Folder::open(path.clone(), false).map_err(|source| ServeError::Root { path, source })?;
        let tls = match options.tls {
            TlsMode::Off => None,
            TlsMode::Explicit => Some(Tls::prepare(options, false)?),
            TlsMode::Implicit => Some(Tls::prepare(options, true)?),
        };
        let authenticator = Arc::new(SingleUserAuthenticator { login: options.login.clone() });
        Ok(Self { root: options.root.clone(), writable: options.writable, authenticator, tls })
    }

    async fn attend(self, stream: TcpStream) -> io::Result<()> {
        let stream = match &self.tls {
            Some(tls) => take_off_tls(stream, Arc::clone(&tls.config), tls.implicit).await?,
            None => stream,
        };
        let Ok(server) = self.builder().build() else { return Ok(()) };
        // The result of a session concerns libunftp and its client only.
        let _ = server.service(stream).await;
        Ok(())
    }

    fn builder(&self) -> ServerBuilder<Folder, unftp_core::auth::DefaultUser> {
        let (root, writable) = (self.root.clone(), self.writable);
        let open = move || Folder::open(root.clone(), writable).expect("the directory served is still there");
        let authenticator = Arc::clone(&self.authenticator);
        let builder = ServerBuilder::with_authenticator(Box::new(open), authenticator)
            .greeting("oxftp's throw-away server")
            .idle_session_timeout(IDLE_SECONDS)
            .active_passive_mode(ActivePassiveMode::ActiveAndPassive)
            .binder(AnyPort);
        match &self.tls {
            None => builder,
            Some(tls) => tls.apply(builder),
        }
    }
}

impl Tls {
    fn prepare(options: &ServeOptions, implicit: bool) -> Result<Self, ServeError> {
        let authority = match &options.authority {
            Some(authority) => Arc::clone(authority),
            None => Arc::new(Authority::new("oxftp throw-away authority")?),
        };
        let config = server_config(options, &authority)?;
        Ok(Self { implicit, config, authority })
    }

    fn apply(
        &self,
        builder: ServerBuilder<Folder, unftp_core::auth::DefaultUser>,
    ) -> ServerBuilder<Folder, unftp_core::auth::DefaultUser> {
        // For libunftp, every control connection is unencrypted.
        builder
            .ftps_manual::<PathBuf>(Arc::clone(&self.config))
            .ftps_required(FtpsRequired::None, FtpsRequired::All)
    }
}

fn listen(address: SocketAddr) -> io::Result<StdListener> {
    let listener = StdListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn run(listener: StdListener, service: Service) -> io::Result<Running> {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("oxftp-serve")
        .enable_all()
        .build()?;
    let (stop, stopped) = oneshot::channel();
    let thread = thread::Builder::new()
        .name("oxftp-serve".to_owned())
        .spawn(move || serve_until(runtime, listener, service, stopped))?;
    Ok(Running { stop, thread })
}

fn serve_until(runtime: Runtime, listener: StdListener, service: Service, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async {
        tokio::select! {
            _ = stopped => {}
            () = accept(listener, service) => {}
        }
    });
    // Drops every session; a file operation in progress may finish.
    runtime.shutdown_timeout(GRACE);
}

async fn accept(listener: StdListener, service: Service) {
    let listener = TcpListener::from_std(listener).expect("the listener is nonblocking and a runtime runs");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Replies are small: without this, each would wait for the previous acknowledgement.
                let _ = stream.set_nodelay(true);
                tokio::spawn(service.clone().attend(stream));
            }
            // The process is out of descriptors, or the client has disconnected: other clients may still
            // connect.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

const WORKERS: usize = 2;
const GRACE: Duration = Duration::from_millis(500);
/// Longer than any test.
const IDLE_SECONDS: u64 = 24 * 60 * 60;
