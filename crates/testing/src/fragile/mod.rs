//! Fragile server: keeps its files in memory, and fails as small servers do.
//!
//! It becomes silent or closes the connection at commands that it does not know, has room for few sessions, ends one
//! session for another, or takes long to log in. It counts commands, so that tests need no clock.
//!
//! ```
//! use oxftp_testing::fragile::{Fault, Fragile};
//! use std::io::{Read, Write};
//!
//! let server = Fragile::new().file("/pub/a", "data").on("FEAT", Fault::HangUp).start();
//!
//! let mut client = std::net::TcpStream::connect(server.address()).unwrap();
//! client.write_all(b"FEAT\r\n").unwrap();
//! let mut received = String::new();
//! client.read_to_string(&mut received).unwrap();
//!
//! assert_eq!(received, "220 ready\r\n");
//! assert_eq!(server.count("FEAT"), 1);
//! ```

mod session;

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use session::FragileSession;

/// Fault of the server at a command, in place of a reply.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Answers nothing, but further commands.
    Silence,
    /// Answers nothing any more.
    Stall,
    /// Closes the connection.
    HangUp,
    /// Sends this reply, and closes the connection.
    ReplyAndHangUp(String),
    /// Executes the command, and closes the connection in place of the reply.
    HangUpAfterwards,
    /// Executes the command, up to the final reply, and answers nothing any more.
    StallAfterwards,
    /// Sends this reply and does nothing.
    Reply(String),
}

/// Refusal of a session above the limit.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// It is never greeted.
    Silence,
    /// Its connection is closed without a greeting.
    HangUp,
    /// It gets this line in place of the greeting, and is closed.
    Greeting(String),
    /// Its password gets this reply, and it is closed.
    AtLogin(String),
    /// Its login ends the oldest other session.
    EndsOldest,
}

/// Settings of a fragile server.
#[derive(Debug, Clone)]
#[must_use = "the server is not started yet"]
pub struct Fragile {
    files: Files,
    faults: Vec<FaultRule>,
    room: Option<(usize, Refusal)>,
    login_delay: Duration,
    features: Vec<String>,
    /// The working directory after the login.
    home: String,
    /// `MLSD` and `LIST` list the working directory for every argument.
    lists_here: bool,
    /// The number of bytes of an upload that are stored.
    stored_bytes: usize,
}

/// A command that fails.
#[derive(Debug, Clone)]
struct FaultRule {
    verb: String,
    /// The number of the command that fails, counted over all sessions from 1; `None` if each fails.
    number: Option<usize>,
    fault: Fault,
}

/// Contents by absolute path; directories have none.
type Files = BTreeMap<String, Option<Vec<u8>>>;

impl Default for Fragile {
    fn default() -> Self {
        Self::new()
    }
}

impl Fragile {
    /// Creates a server without files, which knows all usual commands.
    pub fn new() -> Self {
        Self {
            files: Files::from([("/".to_owned(), None)]),
            faults: Vec::new(),
            room: None,
            login_delay: Duration::ZERO,
            features: ["EPSV", "MDTM", "MFMT", "MLST type*;size*;modify*;", "REST STREAM", "SIZE"]
                .map(str::to_owned)
                .into(),
            home: "/".to_owned(),
            lists_here: false,
            stored_bytes: usize::MAX,
        }
    }

    /// Adds a file at an absolute path, with its directories.
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), Some(content.into()));
        self.directory(parent(path))
    }

    /// Adds a directory at an absolute path, with those above it.
    pub fn directory(mut self, path: &str) -> Self {
        let mut path = path;
        while path != "/" {
            self.files.insert(path.to_owned(), None);
            path = parent(path);
        }
        self
    }

    /// Makes each command with this verb fail.
    pub fn on(self, verb: &str, fault: Fault) -> Self {
        self.rule(verb, None, fault)
    }

    /// Makes one command with this verb fail: the one with this number, counted over all sessions from 1.
    pub fn on_nth(self, verb: &str, number: usize, fault: Fault) -> Self {
        self.rule(verb, Some(number), fault)
    }

    /// Answers all these commands with `500`.
    pub fn without(self, verbs: &[&str]) -> Self {
        verbs.iter().fold(self, |server, verb| server.on(verb, Fault::Reply("500 what?".to_owned())))
    }

    /// Limits the number of sessions at once.
    pub fn sessions(mut self, limit: usize, refusal: Refusal) -> Self {
        self.room = Some((limit, refusal));
        self
    }

    /// Makes a directory the working directory after each login, and lets listings ignore their arguments.
    pub fn lists_only_here(mut self, home: &str) -> Self {
        self.home = home.to_owned();
        self.lists_here = true;
        self.directory(home)
    }

    /// Stores only the first bytes of each upload, and confirms it.
    pub fn cut_uploads(mut self, bytes: usize) -> Self {
        self.stored_bytes = bytes;
        self
    }

    /// Sets the duration of each login.
    pub fn login_delay(mut self, delay: Duration) -> Self {
        self.login_delay = delay;
        self
    }

    /// Starts the server in separate threads.
    ///
    /// # Panics
    ///
    /// If the system has no free loopback port.
    #[must_use]
    pub fn start(self) -> FragileServer {
        let listener = listen_on_loopback().expect("there is a free loopback port");
        let address = listener.local_addr().expect("a listener has an address");
        let state = FragileState { files: self.files.clone(), ..FragileState::default() };
        let shared = Arc::new(FragileShared {
            settings: self,
            state: Mutex::new(state),
            stopped: AtomicBool::new(false),
        });
        let accepting = shared.clone();
        thread::spawn(move || {
            for (number, socket) in listener.incoming().enumerate() {
                if accepting.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(socket) = socket else { return };
                let shared = accepting.clone();
                thread::spawn(move || {
                    let _ = FragileSession::new(shared.clone(), number, socket).and_then(FragileSession::run);
                    shared.lock().sessions.remove(&number);
                });
            }
        });
        FragileServer { address, shared }
    }

    fn rule(mut self, verb: &str, number: Option<usize>, fault: Fault) -> Self {
        self.faults.push(FaultRule { verb: verb.to_owned(), number, fault });
        self
    }
}

/// A running fragile server. Dropping it closes all sessions.
#[derive(Debug)]
pub struct FragileServer {
    address: SocketAddr,
    shared: Arc<FragileShared>,
}

#[derive(Debug)]
struct FragileShared {
    settings: Fragile,
    state: Mutex<FragileState>,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct FragileState {
    files: Files,
    /// All commands, in the order of their arrival.
    commands: Vec<String>,
    /// The sockets of the open sessions, by the number of their connection.
    sessions: BTreeMap<usize, Vec<TcpStream>>,
    connections: usize,
    most_sessions: usize,
}

impl FragileServer {
    /// Returns the address of the control connection.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of an absolute path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("ftp://{}{path}", self.address)
    }

    /// Returns how many commands with this verb arrived.
    #[must_use]
    pub fn count(&self, verb: &str) -> usize {
        self.shared.lock().count(verb)
    }

    /// Returns all commands, in the order of their arrival.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        self.shared.lock().commands.clone()
    }

    /// Returns the number of connections so far, including those that were refused.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Returns the highest number of sessions that were open at once.
    #[must_use]
    pub fn most_sessions(&self) -> usize {
        self.shared.lock().most_sessions
    }

    /// Returns the content of a file.
    #[must_use]
    pub fn content(&self, path: &str) -> Option<Vec<u8>> {
        self.shared.lock().files.get(path).cloned().flatten()
    }

    /// Returns all paths, directories included.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.shared.lock().files.keys().cloned().collect()
    }
}

impl Drop for FragileServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        for socket in self.shared.lock().sessions.values().flatten() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl FragileShared {
    fn lock(&self) -> MutexGuard<'_, FragileState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a command; returns the fault that it meets.
    fn receive(&self, line: &str) -> Option<Fault> {
        let mut state = self.lock();
        state.commands.push(line.to_owned());
        let verb = verb(line);
        let number = state.count(&verb);
        let mut rules = self.settings.faults.iter();
        let rule = rules.find(|rule| rule.verb == verb && rule.number.is_none_or(|nth| nth == number));
        rule.map(|rule| rule.fault.clone())
    }
}

impl FragileState {
    fn count(&self, wanted: &str) -> usize {
        self.commands.iter().filter(|line| verb(line) == wanted).count()
    }
}

/// Listens on a loopback address of its own, where the system has more than one. A client whose session has ended may
/// still connect to the port of its last reply, which another server may have by then.
fn listen_on_loopback() -> io::Result<TcpListener> {
    static SERVERS: AtomicU32 = AtomicU32::new(0);
    let server = SERVERS.fetch_add(1, Ordering::Relaxed);
    let [.., high, low] = process::id().to_be_bytes();
    let own = Ipv4Addr::new(127, high | 1, low, (server % 250) as u8 + 2);
    TcpListener::bind((own, 0)).or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
}

/// Returns the verb of a command; with the next word for `SITE`.
fn verb(line: &str) -> String {
    let mut words = line.split(' ');
    match (words.next().unwrap_or_default(), words.next()) {
        ("SITE", Some(word)) => format!("SITE {word}"),
        (verb, _) => verb.to_owned(),
    }
}

/// Returns the directory of an absolute path.
fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}
