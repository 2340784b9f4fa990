//! FTP server with a tree in memory, whose behaviour is an option.
//!
//! It serves any number of sessions, and stands for servers that no package of this system provides: such as store
//! names in another form, list in other formats, or lack commands. [`MemoryServer::commands`] returns what clients
//! sent.

mod civil_time;
mod server_behaviour;
mod session;
mod tree;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub use self::{
    civil_time::CivilTime,
    server_behaviour::{LineFormat, ListedPath, ListedTree, PathArgument, ServerBehaviour},
    tree::{Item, MemoryTree},
};

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct MemoryServer {
    address: SocketAddr,
    state: Arc<Mutex<MemoryState>>,
    task: JoinHandle<()>,
}

/// The state that the sessions share.
#[derive(Debug)]
struct MemoryState {
    behaviour: ServerBehaviour,
    tree: MemoryTree,
    commands: Vec<String>,
    /// The transfers that were broken, by command and path.
    broken: BTreeSet<(String, String)>,
    /// The files that the next listing does not show.
    late: BTreeSet<String>,
    /// The bytes of files that were sent, by user.
    sent: BTreeMap<String, u64>,
    /// The users whose downloads are stopped.
    held_users: BTreeSet<String>,
    /// The number of downloads that were stopped.
    held: watch::Sender<usize>,
}

impl MemoryServer {
    /// Starts a server on a free loopback port. Any login is accepted.
    ///
    /// # Panics
    ///
    /// If the system has no free loopback port.
    pub async fn start(behaviour: ServerBehaviour) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free loopback port");
        let address = listener.local_addr().expect("a listener has an address");
        let state = MemoryState {
            behaviour,
            tree: MemoryTree::default(),
            commands: Vec::new(),
            broken: BTreeSet::new(),
            late: BTreeSet::new(),
            sent: BTreeMap::new(),
            held_users: BTreeSet::new(),
            held: watch::Sender::new(0),
        };
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
    pub fn add_file(&self, path: &str, content: impl AsRef<[u8]>, modified: i64) {
        self.lock().tree.insert(path, Item::file(content.as_ref().to_vec(), modified));
    }

    /// Removes a file or an empty directory.
    pub fn remove(&self, path: &str) {
        self.lock().tree.remove(path);
    }

    /// Changes the behaviour.
    pub fn change(&self, change: impl FnOnce(&mut ServerBehaviour)) {
        change(&mut self.lock().behaviour);
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

    /// Returns how many bytes of files each user was sent.
    #[must_use]
    pub fn sent_bytes(&self) -> BTreeMap<String, u64> {
        self.lock().sent.clone()
    }

    /// From now on, stops each download of this user in its middle, until the client leaves.
    pub fn hold_downloads_of(&self, user: &str) {
        self.lock().held_users.insert(user.to_owned());
    }

    /// Waits until a download is stopped by [`hold_downloads_of`](Self::hold_downloads_of).
    pub async fn held_download(&self) {
        let mut held = self.lock().held.subscribe();
        // The sender is there as long as the server.
        let _ = held.wait_for(|count| *count > 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, MemoryState> {
        lock(&self.state)
    }
}

impl Drop for MemoryServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<MemoryState>) -> MutexGuard<'_, MemoryState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
