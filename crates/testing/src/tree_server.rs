//! Tree server: serves a tree in memory and deviates from the RFCs as a test says.
//!
//! It answers any commands in any order, where a [`Script`](crate::scripted::Script) fixes both. The deviation sees each
//! command first and may answer it; the others are answered as an honest Unix server would.
//!
//! ```
//! use oxftp_testing::tree_server::{Answer, TreeServer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let server = TreeServer::of(["pub/", "pub/readme"])
//!     .deviating(|request| (request.verb == "MLSD").then(|| Answer::reply("500 what?")))
//!     .start()
//!     .await;
//!
//! assert_eq!(server.commands().len(), 0);
//! # }
//! ```

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// The files and directories, and the deviation.
#[derive(Clone)]
#[must_use = "nothing is served until it is started"]
pub struct TreeServer {
    tree: Tree,
    deviation: Arc<Deviation>,
}

type Deviation = dyn Fn(&Request<'_>) -> Option<Answer> + Send + Sync;

/// The tree, which commands change.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Contents by absolute path; a directory has no content.
    nodes: BTreeMap<String, Option<Vec<u8>>>,
}

/// A command before it is answered.
#[derive(Debug)]
pub struct Request<'r> {
    /// The verb in upper case.
    pub verb: &'r str,
    /// The text after the verb.
    pub argument: &'r str,
    /// The working directory, which begins with a slash.
    pub directory: &'r str,
    /// The transfer type, `A` or `I`.
    pub transfer_type: char,
    /// The tree.
    pub tree: &'r Tree,
}

/// Answer to a command.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A reply.
    Reply(String),
    /// `150`, these bytes over the data connection, and a reply.
    Data(Vec<u8>, String),
    /// Closes the control connection.
    HangUp,
}

impl Answer {
    /// Creates an answer by a reply.
    pub fn reply(line: impl Into<String>) -> Self {
        Self::Reply(line.into())
    }

    /// Creates a complete transfer of these lines.
    pub fn lines(lines: impl Into<String>) -> Self {
        Self::Data(lines.into().into_bytes(), "226 done".to_owned())
    }
}

impl TreeServer {
    /// Creates a tree of these paths below the login directory; a path with a slash at its end is a directory.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut tree = Tree::default();
        tree.nodes.insert("/".to_owned(), None);
        for path in paths {
            let full = format!("/{}", path.trim_end_matches('/'));
            tree.nodes.insert(full, (!path.ends_with('/')).then(|| path.as_bytes().to_vec()));
        }
        Self { tree, deviation: Arc::new(|_| None) }
    }

    /// Sets the deviation: the server does not answer a command that the deviation answers.
    pub fn deviating(
        self,
        deviation: impl Fn(&Request<'_>) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self { deviation: Arc::new(deviation), ..self }
    }

    /// Starts the server on a free loopback port.
    ///
    /// # Panics
    ///
    /// If the system has no free loopback port.
    pub async fn start(self) -> RunningTreeServer {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port is free");
        let address = listener.local_addr().expect("the listener is bound");
        let shared = Arc::new(Mutex::new(ServedTree { tree: self.tree, commands: Vec::new() }));
        let served = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((control, _)) = listener.accept().await {
                let (shared, deviation) = (served.clone(), self.deviation.clone());
                // A client that disconnects ends its session.
                tokio::spawn(async move { TreeSession::new(control, shared, deviation).run().await.ok() });
            }
        });
        RunningTreeServer { address, shared, task }
    }
}

/// A tree server that accepts clients. Dropping it stops it.
#[derive(Debug)]
pub struct RunningTreeServer {
    address: SocketAddr,
    shared: Arc<Mutex<ServedTree>>,
    task: tokio::task::JoinHandle<()>,
}

impl RunningTreeServer {
    /// Returns the address of the control connection.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns all commands that were received, with their arguments.
    pub fn commands(&self) -> Vec<String> {
        self.lock().commands.clone()
    }

    /// Returns how many commands were received that begin with this text.
    pub fn count(&self, start: &str) -> usize {
        self.lock().commands.iter().filter(|command| command.starts_with(start)).count()
    }

    /// Returns the paths below the login directory; those of directories end with a slash.
    pub fn paths(&self) -> Vec<String> {
        let shared = self.lock();
        let nodes = shared.tree.nodes.iter().filter(|(path, _)| *path != "/");
        nodes
            .map(|(path, content)| format!("{}{}", &path[1..], if content.is_none() { "/" } else { "" }))
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ServedTree> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RunningTreeServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Tree {
    /// Returns whether a directory exists at this absolute path.
    pub fn is_directory(&self, path: &str) -> bool {
        matches!(self.nodes.get(path), Some(None))
    }

    /// Returns the lines of `MLSD` for the directory at this absolute path.
    pub fn mlsd(&self, path: &str) -> String {
        self.children(path)
            .map(|(name, content)| match content {
                Some(content) => {
                    format!("type=file;size={};modify=20240102030405; {name}\r\n", content.len())
                }
                None => format!("type=dir;modify=20240102030405; {name}\r\n"),
            })
            .collect()
    }

    /// Returns the lines of `LIST` for the directory at this absolute path; with names that begin with a dot, and the
    /// directory itself, only if `all` is set.
    pub fn list(&self, path: &str, all: bool) -> String {
        let line = |mode: &str, size: usize, name: &str| {
            format!("{mode} 1 ann staff {size} Jan  2  2024 {name}\r\n")
        };
        let itself = [".", ".."].map(|name| line("drwxr-xr-x", 4096, name)).concat();
        let children = self.children(path).filter(|(name, _)| all || !name.starts_with('.'));
        let lines = children.map(|(name, content)| match content {
            Some(content) => line("-rw-r--r--", content.len(), name),
            None => line("drwxr-xr-x", 4096, name),
        });
        (if all { itself } else { String::new() }) + &lines.collect::<String>()
    }

    /// Returns the lines of `NLST` for the directory at this absolute path.
    pub fn nlst(&self, path: &str) -> String {
        self.children(path).map(|(name, _)| format!("{name}\r\n")).collect()
    }

    fn children<'t>(&'t self, path: &str) -> impl Iterator<Item = (&'t str, &'t Option<Vec<u8>>)> + use<'t> {
        let start = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        self.nodes.iter().filter_map(move |(full, content)| {
            let name = full.strip_prefix(&start).filter(|name| !name.is_empty() && !name.contains('/'))?;
            Some((name, content))
        })
    }
}

impl Request<'_> {
    /// Returns the absolute path of an argument.
    pub fn resolve(&self, path: &str) -> String {
        resolve(self.directory, path)
    }
}

fn resolve(directory: &str, path: &str) -> String {
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let mut names = Vec::new();
    for name in joined.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

#[derive(Debug)]
struct ServedTree {
    tree: Tree,
    commands: Vec<String>,
}

struct TreeSession {
    control: BufReader<TcpStream>,
    shared: Arc<Mutex<ServedTree>>,
    deviation: Arc<Deviation>,
    directory: String,
    transfer_type: char,
    passive: Option<TcpListener>,
}

impl TreeSession {
    fn new(control: TcpStream, shared: Arc<Mutex<ServedTree>>, deviation: Arc<Deviation>) -> Self {
        let (directory, control) = ("/".to_owned(), BufReader::new(control));
        Self { control, shared, deviation, directory, transfer_type: 'A', passive: None }
    }

    async fn run(mut self) -> std::io::Result<()> {
        self.send("220 ready").await?;
        let mut line = Vec::new();
        while self.control.read_until(b'\n', &mut line).await? > 0 {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            line.clear();
            let (verb, argument) = text.split_once(' ').unwrap_or((&text, ""));
            let answer = match verb {
                "EPSV" => self.listen(&text).await?,
                _ => self.answer(&text, &verb.to_ascii_uppercase(), argument),
            };
            match answer {
                Answer::Reply(reply) => self.send(&reply).await?,
                Answer::Data(bytes, end) => self.transfer(&bytes, &end).await?,
                Answer::HangUp => return Ok(()),
            }
            if verb == "QUIT" {
                break;
            }
        }
        Ok(())
    }

    async fn send(&mut self, reply: &str) -> std::io::Result<()> {
        self.control.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await
    }

    async fn listen(&mut self, text: &str) -> std::io::Result<Answer> {
        if let Some(answer) = self.deviate(text, "EPSV", "") {
            return Ok(answer);
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        self.passive = Some(listener);
        Ok(Answer::reply(format!("229 Entering Extended Passive Mode (|||{port}|)")))
    }

    async fn transfer(&mut self, bytes: &[u8], end: &str) -> std::io::Result<()> {
        let Some(listener) = self.passive.take() else {
            return self.send("425 no data connection").await;
        };
        self.send("150 here").await?;
        let (mut data, _) = listener.accept().await?;
        // A client that needs no more data closes the connection.
        if data.write_all(bytes).await.is_err() || data.shutdown().await.is_err() {
            return self.send("426 broken off").await;
        }
        drop(data);
        self.send(end).await
    }

    fn deviate(&mut self, text: &str, verb: &str, argument: &str) -> Option<Answer> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.commands.push(text.to_owned());
        let (directory, transfer_type) = (&*self.directory, self.transfer_type);
        (self.deviation)(&Request { verb, argument, directory, transfer_type, tree: &shared.tree })
    }

    fn answer(&mut self, text: &str, verb: &str, argument: &str) -> Answer {
        if let Some(answer) = self.deviate(text, verb, argument) {
            return answer;
        }
        let shared = self.shared.clone();
        let tree = &mut shared.lock().unwrap_or_else(PoisonError::into_inner).tree;
        let path = resolve(&self.directory, argument);
        let missing = || Answer::reply(format!("550 {argument}: No such file or directory"));
        let fine = || Answer::reply("250 fine");
        match verb {
            "USER" => Answer::reply("230 in"),
            "PWD" => Answer::reply(format!("257 \"{}\"", self.directory)),
            "TYPE" => {
                self.transfer_type = argument.chars().next().unwrap_or('A');
                Answer::reply("200 set")
            }
            "NOOP" => Answer::reply("200 fine"),
            "QUIT" => Answer::reply("221 bye"),
            "CDUP" => {
                self.directory = resolve(&self.directory, "..");
                fine()
            }
            "CWD" if tree.is_directory(&path) => {
                self.directory = path;
                fine()
            }
            "MLSD" if tree.is_directory(&path) => Answer::lines(tree.mlsd(&path)),
            "NLST" if tree.is_directory(&path) => Answer::lines(tree.nlst(&path)),
            "LIST" => {
                let all = argument == "-a" || argument.starts_with("-a ");
                let path =
                    resolve(&self.directory, argument.strip_prefix("-a").unwrap_or(argument).trim_start());
                match tree.is_directory(&path) {
                    true => Answer::lines(tree.list(&path, all)),
                    false => missing(),
                }
            }
            "SIZE" => match tree.nodes.get(&path) {
                Some(Some(content)) => Answer::reply(format!("213 {}", content.len())),
                _ => missing(),
            },
            "MDTM" if tree.nodes.get(&path).is_some_and(Option::is_some) => {
                Answer::reply("213 20240102030405")
            }
            "RETR" => match tree.nodes.get(&path) {
                Some(Some(content)) => Answer::Data(content.clone(), "226 done".to_owned()),
                _ => missing(),
            },
            "DELE" if tree.nodes.get(&path).is_some_and(Option::is_some) => {
                tree.nodes.remove(&path);
                fine()
            }
            "RMD" if tree.is_directory(&path) && tree.children(&path).next().is_none() => {
                tree.nodes.remove(&path);
                fine()
            }
            "RMD" if tree.is_directory(&path) => Answer::reply("550 Directory not empty"),
            "CWD" | "MLSD" | "NLST" | "MDTM" | "DELE" | "RMD" => missing(),
            _ => Answer::reply("500 unknown command"),
        }
    }
}
