//! Sessions that other code has opened: a client takes over their control connections, and returns them.

use std::sync::Arc;

use oxftp_proto::Reply;

use super::{Client, state::SessionState};
use crate::{
    ClientBuilder, Host, Result, capabilities::ServerCapabilities, config::Config, connect::BoxSocket,
    control::ControlChannel, deadline::ReusedTimer, tls::TlsSession,
};

/// A session that other code has opened: it has logged in, and has read the reply to each of its commands.
///
/// It is for programs that send commands themselves, over the sockets of [`connect`](crate::connect), and leave
/// transfers to a [`Client`]: see [`ClientBuilder::adopt`].
///
/// ```no_run
/// use oxftp::{Client, Code, OpenSession, Reply, connect::BoxSocket};
///
/// # async fn example(control: BoxSocket) -> oxftp::Result<BoxSocket> {
/// let greeting = Reply::new(Code::READY, [&b"ftp.example.org ready"[..]]);
/// let session = OpenSession::new("ftp.example.org", greeting, control);
/// let mut client = Client::builder().adopt(session);
/// client.download("pub").await?;
/// client.detach().await
/// # }
/// ```
#[derive(Debug)]
pub struct OpenSession {
    host: Host,
    greeting: Reply,
    socket: BoxSocket,
    tls: Option<TlsSession>,
}

impl OpenSession {
    /// Describes a session by its control connection, the server's greeting, and the host as the user named it.
    ///
    /// ```no_run
    /// use oxftp::{Code, OpenSession, Reply, connect::BoxSocket};
    ///
    /// # fn example(control: BoxSocket) {
    /// let greeting = Reply::new(Code::READY, [&b"ready"[..]]);
    /// let session = OpenSession::new("ftp.example.org", greeting, control);
    /// # }
    /// ```
    #[must_use]
    pub fn new(host: impl Into<Host>, greeting: Reply, socket: BoxSocket) -> Self {
        Self { host: host.into(), greeting, socket, tls: None }
    }

    /// Sets the TLS session of the control connection, whose socket is that of
    /// [`TlsSession::control`](crate::TlsSession::control). `PROT P` was sent: data connections are encrypted.
    ///
    /// ```no_run
    /// use oxftp::{OpenSession, TlsSession};
    ///
    /// # fn example(session: OpenSession, tls: &TlsSession) {
    /// let session = session.tls(tls.clone());
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    #[must_use]
    pub fn tls(mut self, tls: TlsSession) -> Self {
        self.tls = Some(tls);
        self
    }
}

impl ClientBuilder {
    /// Creates a client for a session that other code has opened. It has the settings of this builder, except those of
    /// TLS, which are those of the session. It cannot open the session again.
    ///
    /// ```no_run
    /// use oxftp::{Client, OpenSession};
    ///
    /// # async fn example(session: OpenSession) -> oxftp::Result<()> {
    /// let mut client = Client::builder().adopt(session);
    /// client.download("pub").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn adopt(self, session: OpenSession) -> Client {
        let OpenSession { host, greeting, socket, tls } = session;
        let config = Arc::new(self.into_config());
        let commands = config.known_servers.of(&host);
        let capabilities = ServerCapabilities::from_greeting(&greeting, commands);
        let control = control_of(&config, &capabilities, socket);
        let state = SessionState::of_open_session(tls.is_some());
        Client {
            control,
            tls,
            host,
            greeting,
            capabilities,
            state,
            credentials: None,
            reconnects: 0,
            busy_retries: 0,
            start_timer: ReusedTimer::default(),
            config,
        }
    }
}

impl Client {
    /// Returns the control connection to the code that opened the session, after all outstanding replies, and in the
    /// working directory in which it came. The client is broken until the connection is [attached](Self::attach)
    /// again.
    ///
    /// ```no_run
    /// use oxftp::connect::BoxSocket;
    ///
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<BoxSocket> {
    /// client.detach().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of the control connection: it cannot be used any more then. [`Error::Broken`](crate::Error::Broken)
    /// if this client has opened the connection, with TLS.
    pub async fn detach(&mut self) -> Result<BoxSocket> {
        self.restore_working_dir().await?;
        self.control.detach().await
    }

    /// Continues with the control connection of a [detached](Self::detach) client. Other code may have changed the
    /// session meanwhile. What the client has learned of the server is kept.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let control = client.detach().await?;
    /// // Commands of other code.
    /// client.attach(control);
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach(&mut self, socket: BoxSocket) {
        self.control = control_of(&self.config, &self.capabilities, socket);
        self.state = SessionState::of_open_session(self.tls.is_some());
    }
}

fn control_of(config: &Config, capabilities: &ServerCapabilities, socket: BoxSocket) -> ControlChannel {
    let commands = capabilities.commands.clone();
    ControlChannel::new(socket, &config.throttle, &config.limits, config.timeouts.command, commands)
}
