//! FTP server with a tree in memory, whose habits are options.
//!
//! It serves any number of sessions, and stands for servers that no package of this system provides: such as store
//! names in another form, list in other formats, or lack commands. [`MemoryServer::commands`] returns what clients
//! sent.

mod session;
mod tree;

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{net::TcpListener, task::JoinHandle};

pub use self::tree::{Item, Tree};

/// Formats the name of an item as a line.
pub type LineFormat = dyn Fn(&str, &Item) -> String + Send + Sync;

/// How a [`MemoryServer`] behaves.
#[derive(Clone)]
pub struct Habits {
    /// The commands that are refused with `500`, such as `MLSD`.
    pub refused: Vec<&'static str>,
    /// `LIST` and `NLST` leave out names that begin with a dot, unless `-a` is requested.
    pub hides_dot_names: bool,
    /// The form in which a new name is stored.
    pub stores_as: fn(&str) -> String,
    /// The form in which names are compared.
    pub compares_as: fn(&str) -> String,
    /// Formats an entry as a line of `LIST`.
    pub list_line: Arc<LineFormat>,
    /// The time of the server's clock, in seconds since 1970.
    pub now: i64,
}

impl Default for Habits {
    /// A server of today, which keeps names as they are.
    fn default() -> Self {
        Self {
            refused: Vec::new(),
            hides_dot_names: false,
            stores_as: str::to_owned,
            compares_as: str::to_owned,
            list_line: Arc::new(|name, item| {
                let kind = if item.is_directory() { 'd' } else { '-' };
                format!("{kind}rw-r--r-- 1 ann staff {} Jan  2  2020 {name}", item.size())
            }),
            now: 1_700_000_000,
        }
    }
}

impl Habits {
    /// A server that implements only `LIST`, and neither tells nor sets exact times.
    #[must_use]
    pub fn list_only() -> Self {
        let refused = vec!["MLSD", "MLST", "MDTM", "MFMT", "FEAT", "SITE"];
        Self { refused, ..Self::default() }
    }

    /// Sets the format of `LIST`.
    #[must_use]
    pub fn listing(self, line: impl Fn(&str, &Item) -> String + Send + Sync + 'static) -> Self {
        Self { list_line: Arc::new(line), ..self }
    }

    /// Sets in which form new names are stored, and names are compared.
    #[must_use]
    pub fn names(self, stores_as: fn(&str) -> String, compares_as: fn(&str) -> String) -> Self {
        Self { stores_as, compares_as, ..self }
    }
}

impl fmt::Debug for Habits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Habits").field("refused", &self.refused).finish_non_exhaustive()
    }
}

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct MemoryServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

/// What the sessions share.
#[derive(Debug)]
struct State {
    habits: Habits,
    tree: Tree,
    commands: Vec<String>,
}

impl MemoryServer {
    /// Starts a server on a free loopback port. Any login is accepted.
    ///
    /// # Panics
    ///
    /// If the system has no free loopback port.
    pub async fn start(habits: Habits) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free loopback port");
        let address = listener.local_addr().expect("a listener has an address");
        let state = State { habits, tree: Tree::default(), commands: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let task = tokio::spawn(session::serve(listener, state.clone()));
        Self { address, state, task }
    }

    /// Returns the address it listens at.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Creates or replaces a file, with the directories above it. The name is stored as it is.
    pub fn lay(&self, path: &str, content: &str, modified: i64) {
        self.lock().tree.lay(path, Item::file(content.as_bytes().to_vec(), modified));
    }

    /// Removes a file or an empty directory.
    pub fn remove(&self, path: &str) {
        self.lock().tree.remove(path);
    }

    /// Changes the habits.
    pub fn change(&self, change: impl FnOnce(&mut Habits)) {
        change(&mut self.lock().habits);
    }

    /// Returns the paths of all files, and of directories with a `/` at the end, sorted.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.lock().tree.paths()
    }

    /// Returns the content of a file.
    #[must_use]
    pub fn content(&self, path: &str) -> Option<String> {
        let state = self.lock();
        let content = state.tree.get(path)?.content()?;
        Some(String::from_utf8_lossy(content).into_owned())
    }

    /// Returns the commands that were received since the last call.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().commands)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for MemoryServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
