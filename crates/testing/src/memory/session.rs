//! One session of the server.

use std::{
    borrow::Cow,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpSocket, TcpStream, tcp::OwnedWriteHalf},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use super::{CivilTime, Item, ListedPath, ListedTree, MemoryState, PathArgument, ServerBehaviour, lock};

/// Accepts sessions until the task is aborted.
pub(super) async fn serve(listener: TcpListener, state: Arc<Mutex<MemoryState>>) {
    let mut sessions = JoinSet::new();
    let limit = lock(&state).behaviour.sessions.map_or(Semaphore::MAX_PERMITS, |(limit, _)| limit);
    let places = Arc::new(Semaphore::new(limit));
    while let Ok((control, _)) = listener.accept().await {
        // The reply to one command must not wait for the acknowledgement of another.
        let _ = control.set_nodelay(true);
        let (state, places) = (state.clone(), places.clone());
        sessions.spawn(async move {
            // A client that has gone ends its session.
            let _ = admit(control, state, places).await;
        });
    }
}

/// Runs a session if there is room for it. Otherwise refuses it, or leaves it without a greeting until there is.
async fn admit(
    mut control: TcpStream,
    state: Arc<Mutex<MemoryState>>,
    places: Arc<Semaphore>,
) -> std::io::Result<()> {
    let (limit, refusal) = lock(&state).behaviour.sessions.unwrap_or((Semaphore::MAX_PERMITS, ""));
    let place = match places.clone().try_acquire_owned() {
        Ok(place) => place,
        Err(_) if refusal.is_empty() => {
            places.clone().acquire_owned().await.map_err(std::io::Error::other)?
        }
        Err(_) => return control.write_all(format!("{refusal}\r\n").as_bytes()).await,
    };
    let is_further = limit.saturating_sub(places.available_permits()) > 1;
    run(control, state, place, is_further).await
}

/// A session that is logged in.
struct MemorySession {
    state: Arc<Mutex<MemoryState>>,
    control: OwnedWriteHalf,
    user: String,
    /// Without a leading `/`.
    directory: String,
    passive: Option<TcpListener>,
    /// The socket of a data connection that does not listen yet.
    bound: Option<TcpSocket>,
    /// The port that `PORT` has named.
    active: Option<u16>,
    renamed: Option<String>,
    restart: usize,
    is_ascii: bool,
    has_pret: bool,
    has_allocated: bool,
    data_connections: usize,
    transfers: usize,
    /// The data connections that stay open.
    open_data: Vec<TcpStream>,
    is_over: bool,
}

async fn run(
    control: TcpStream,
    state: Arc<Mutex<MemoryState>>,
    place: OwnedSemaphorePermit,
    is_further: bool,
) -> std::io::Result<()> {
    let (read, write) = control.into_split();
    let (directory, greeting) = {
        let mut state = lock(&state);
        let ServerBehaviour { home, greeting, now, .. } = state.behaviour.clone();
        if !home.is_empty() && state.tree.get(home).is_none() {
            state.tree.insert(home, Item::directory(now));
        }
        (home.to_owned(), greeting)
    };
    let mut session = MemorySession {
        state,
        control: write,
        user: String::new(),
        directory,
        passive: None,
        bound: None,
        active: None,
        renamed: None,
        restart: 0,
        is_ascii: true,
        has_pret: false,
        has_allocated: false,
        data_connections: 0,
        transfers: 0,
        open_data: Vec::new(),
        is_over: false,
    };
    let mut reader = BufReader::new(read);
    let has_code = |line: &str| line.trim_start().starts_with(|first: char| first.is_ascii_digit());
    match greeting.lines().any(has_code) {
        true => session.reply(greeting).await?,
        false => session.reply(&format!("220 {greeting}")).await?,
    }
    while let Some(line) = session.next_line(&mut reader).await? {
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let verb = verb.to_ascii_uppercase();
        let behaviour = {
            let mut state = lock(&session.state);
            state.commands.push(line.clone());
            state.behaviour.clone()
        };
        if behaviour.port_for_next_command && !TRANSFER_VERBS.contains(&&*verb) {
            session.passive = None;
        }
        if is_further && behaviour.ignores_further_sessions && !matches!(&*verb, "USER" | "PASS") {
            continue;
        }
        if session.transfers >= behaviour.transfers_per_session {
            return Ok(());
        }
        if let Some(reply) = behaviour.reply_to(&line, &verb) {
            let (reply, ends) = reply.strip_suffix('!').map_or((reply, false), |reply| (reply, true));
            if !reply.is_empty() {
                session.reply(&reply.replace('@', argument)).await?;
            }
            if ends {
                return Ok(());
            }
            continue;
        }
        match behaviour.refused.contains(&&*verb) {
            true => session.refuse_unknown(&verb).await?,
            false if verb == "QUIT" => {
                // A client that has read the reply may connect again.
                drop(place);
                return session.reply("221 bye").await;
            }
            false => session.answer(&verb, argument, &behaviour).await?,
        }
        if session.is_over || behaviour.ends_after_transfer && session.transfers > 0 {
            return Ok(());
        }
    }
    Ok(())
}

impl MemorySession {
    /// Reads a command; `None` at the end of the connection.
    async fn next_line(&self, reader: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<String>> {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match lock(&self.state).behaviour.names_are_bytes {
            true => Ok(Some(line.iter().copied().map(char::from).collect())),
            false => String::from_utf8(line.to_vec()).map(Some).map_err(std::io::Error::other),
        }
    }

    /// Sends a reply, whose lines are separated by `\n`.
    async fn reply(&mut self, lines: &str) -> std::io::Result<()> {
        let ServerBehaviour { line_start, line_end, repeats_replies, names_are_bytes, .. } =
            lock(&self.state).behaviour;
        let line =
            |line: &str| [line_start, &*wire_bytes(line, names_are_bytes), line_end.as_bytes()].concat();
        let mut text: Vec<u8> = lines.split('\n').flat_map(line).collect();
        if repeats_replies && !lines.starts_with('1') {
            text.extend_from_within(..);
        }
        self.control.write_all(&text).await
    }

    async fn refuse_unknown(&mut self, verb: &str) -> std::io::Result<()> {
        let unknown = lock(&self.state).behaviour.unknown;
        self.reply(&unknown.replace('@', verb)).await
    }

    async fn answer(
        &mut self,
        verb: &str,
        argument: &str,
        behaviour: &ServerBehaviour,
    ) -> std::io::Result<()> {
        let Some(path) = self.read(verb, argument) else {
            let refusal = if verb == "STOR" { "553 invalid name" } else { behaviour.missing };
            return self.reply(&refusal.replace('@', argument)).await;
        };
        let path = &*path;
        let has_port = self.passive.is_some() || self.bound.is_some() || self.active.is_some();
        if !has_port && TRANSFER_VERBS.contains(&verb) {
            return self.reply("425 Use PORT or PASV first.").await;
        }
        match verb {
            "LIST" | "NLST" | "MLSD" => self.list(verb, path, behaviour).await,
            "RETR" => self.send_file(path, behaviour).await,
            "STOR" | "APPE" => self.receive_file(verb, path, behaviour).await,
            "EPSV" | "PASV" => self.listen(verb, behaviour).await,
            _ => {
                let reply = self.simple(verb, path);
                let confirmation = behaviour.confirmation(verb).filter(|_| reply.starts_with(['2', '3']));
                let text = reply.get(4..).unwrap_or_default();
                let reply =
                    confirmation.map_or_else(|| reply.clone(), |confirmed| confirmed.replace('#', text));
                self.reply(&reply.replace('@', argument)).await
            }
        }
    }

    /// Reads an argument as the behaviour says; `None` if it is refused.
    fn read<'a>(&self, verb: &str, argument: &'a str) -> Option<Cow<'a, str>> {
        let reads_path = lock(&self.state).behaviour.reads_path.filter(|_| PATH_VERBS.contains(&verb));
        let (before, path) = match argument.split_once(' ') {
            Some((before, path)) if before == "-a" || CivilTime::parse_time_val(before).is_some() => {
                (format!("{before} "), path)
            }
            _ if argument == "-a" => (argument.to_owned(), ""),
            _ => (String::new(), argument),
        };
        let Some(reads_path) = reads_path.filter(|_| !path.is_empty()) else { return Some(argument.into()) };
        let path = reads_path(PathArgument { verb, directory: &self.directory, argument: path })?;
        Some(format!("{before}/{path}").into())
    }

    /// Carries out a command without data connection; returns the reply.
    fn simple(&mut self, verb: &str, argument: &str) -> String {
        let mut state = lock(&self.state);
        let path = state.find(&self.directory, argument);
        let MemoryState { behaviour, tree, .. } = &mut *state;
        let found = path.as_deref().and_then(|path| tree.get(path));
        let is_directory = path.as_deref() == Some("") || found.is_some_and(Item::is_directory);
        let is_empty = path.as_deref().is_some_and(|path| tree.children(path).is_empty());
        match (verb, path) {
            ("USER", _) => {
                argument.clone_into(&mut self.user);
                "331 more".to_owned()
            }
            ("PASS", _) => "230 in".to_owned(),
            ("SYST", _) => format!("215 {}", behaviour.system),
            ("FEAT", _) => features(behaviour),
            ("PWD", _) => format!("257 {}", (behaviour.shows_directory)(&self.directory)),
            ("CDUP", _) if !self.directory.is_empty() => {
                self.directory = self.directory.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
                "250 up".to_owned()
            }
            ("TYPE", _) => {
                self.is_ascii = argument == "A";
                "200 fine".to_owned()
            }
            ("PORT", _) => {
                let mut octets = argument.split(',').skip(4).filter_map(|octet| octet.parse::<u16>().ok());
                self.active = octets.next().zip(octets.next()).map(|(high, low)| high << 8 | low);
                "200 fine".to_owned()
            }
            ("PRET", _) => {
                self.has_pret = true;
                "200 fine".to_owned()
            }
            ("ALLO", _) if behaviour.requires_allocation => {
                self.has_allocated = true;
                "200 fine".to_owned()
            }
            ("NOOP" | "OPTS", _) => "200 fine".to_owned(),
            ("REST", _) => {
                self.restart = argument.parse().unwrap_or(0);
                format!("350 from {}", self.restart)
            }
            ("CWD", Some(path)) if is_directory => {
                self.directory = path;
                "250 in".to_owned()
            }
            ("CWD", _) if behaviour.enters_anything => {
                self.directory = match argument.strip_prefix('/') {
                    Some(path) => path.to_owned(),
                    None => join(&self.directory, argument),
                };
                "250 in".to_owned()
            }
            ("SIZE", _) if found.is_some() && !is_directory => {
                format!("213 {}", found.map_or(0, Item::size))
            }
            ("MDTM", _) if found.is_some() && !is_directory => {
                format!("213 {}", CivilTime::from_unix(found.map_or(0, |item| item.modified)).time_val())
            }
            ("MFMT", Some(path)) => {
                match (argument.split_once(' ').and_then(|(time, _)| CivilTime::parse_time_val(time)), path) {
                    (Some(time), path)
                        if tree
                            .get_mut(&path)
                            .map(|item| item.modified = time - behaviour.sets_time_ahead)
                            .is_some() =>
                    {
                        format!("213 Modify={}; done", CivilTime::from_unix(time).time_val())
                    }
                    _ => "550 no such file".to_owned(),
                }
            }
            ("DELE", Some(path)) if found.is_some() && !is_directory => {
                tree.remove(&path);
                "250 gone".to_owned()
            }
            ("RMD", Some(path)) if found.is_some() && is_directory && is_empty => {
                tree.remove(&path);
                "250 gone".to_owned()
            }
            ("MKD", None) => match state.new_path(&self.directory, argument) {
                Some(path) => {
                    let item = Item::directory(state.behaviour.now);
                    state.tree.insert(&path, item);
                    format!("257 \"/{path}\" made")
                }
                None => "550 no such directory".to_owned(),
            },
            ("RNFR", Some(path)) => {
                self.renamed = Some(path);
                "350 to what?".to_owned()
            }
            ("RNTO", target) => {
                let exists = target.is_some() && !behaviour.rename_replaces;
                match (self.renamed.take(), target.or_else(|| state.new_path(&self.directory, argument))) {
                    (Some(_), Some(_)) if exists => "550 File already exists".to_owned(),
                    (Some(from), Some(to)) => {
                        state.tree.rename(&from, &to);
                        "250 renamed".to_owned()
                    }
                    _ => "550 not renamed".to_owned(),
                }
            }
            ("CWD" | "SIZE" | "MDTM" | "DELE" | "RMD" | "RNFR", None) => behaviour.missing.to_owned(),
            ("MKD", _) => behaviour.existing.to_owned(),
            ("CWD" | "SIZE" | "MDTM" | "DELE" | "RMD", _) => "550 not possible".to_owned(),
            _ => behaviour.unknown.replace('@', verb),
        }
    }

    async fn listen(&mut self, verb: &str, behaviour: &ServerBehaviour) -> std::io::Result<()> {
        if behaviour.requires_pret && !std::mem::take(&mut self.has_pret) {
            return self
                .reply("500 You need to use a client supporting PRET (PRE Transfer) to use PASV")
                .await;
        }
        if self.data_connections >= behaviour.data_connections {
            return self.reply("425 Can't open data connection.").await;
        }
        self.data_connections += 1;
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let port = socket.local_addr()?.port();
        let reply =
            if verb == "EPSV" { (behaviour.extended_passive)(port) } else { (behaviour.passive)(port) };
        if behaviour.listens_late {
            self.reply(&reply).await?;
            tokio::time::sleep(Duration::from_millis(30)).await;
            self.passive = Some(socket.listen(1)?);
            return Ok(());
        }
        match behaviour.listens_at_transfer {
            true => self.bound = Some(socket),
            false => self.passive = Some(socket.listen(1)?),
        }
        self.reply(&reply).await
    }

    async fn data(&mut self, opens: &str) -> std::io::Result<TcpStream> {
        if !opens.is_empty() {
            self.reply(opens).await?;
        }
        self.transfers += 1;
        if let Some(socket) = self.bound.take() {
            self.passive = Some(socket.listen(1)?);
        }
        match (self.passive.take(), self.active.take()) {
            (Some(listener), _) => Ok(listener.accept().await?.0),
            (None, Some(port)) => TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await,
            (None, None) => Err(std::io::ErrorKind::NotConnected.into()),
        }
    }

    async fn send_listing(&mut self, lines: &str, behaviour: &ServerBehaviour) -> std::io::Result<()> {
        let lines = wire_bytes(lines, behaviour.names_are_bytes);
        let opens = behaviour.opens_listing.unwrap_or(behaviour.opens);
        if behaviour.resets_listings {
            let mut data = self.data(opens).await?;
            data.write_all(&lines).await?;
            data.set_zero_linger()?;
            drop(data);
            return self.reply(behaviour.closes).await;
        }
        self.send(&lines, opens, behaviour).await?;
        self.is_ascii |= behaviour.listing_resets_type;
        let Some(last_reply) = behaviour.ends_after_listing else { return Ok(()) };
        self.is_over = true;
        match last_reply {
            "" => Ok(()),
            last_reply => self.reply(last_reply).await,
        }
    }

    async fn send(
        &mut self,
        content: &[u8],
        opens: &str,
        behaviour: &ServerBehaviour,
    ) -> std::io::Result<()> {
        let mut data = self.data(opens).await?;
        if behaviour.closes_early {
            self.reply(behaviour.closes).await?;
        }
        data.write_all(content).await?;
        data.shutdown().await?;
        if behaviour.closes_early {
            return Ok(());
        }
        self.reply(behaviour.closes).await
    }

    async fn list(&mut self, verb: &str, argument: &str, behaviour: &ServerBehaviour) -> std::io::Result<()> {
        if behaviour.lists_in_ascii_only && !self.is_ascii {
            return self.reply("504 LIST not implemented for type I").await;
        }
        if behaviour.ends_at_list_options && verb == "LIST" && argument.starts_with('-') {
            self.is_over = true;
            return Ok(());
        }
        let (all, path) = match argument.strip_prefix("-a") {
            Some(_) if verb == "LIST" && behaviour.list_options_name_root => (false, "/"),
            Some(path) if verb != "MLSD" && behaviour.knows_list_options => (true, path.trim_start()),
            _ => (false, argument),
        };
        if behaviour.mlsd_shows_nothing && verb == "MLSD" {
            return self.send_listing("", behaviour).await;
        }
        let path = match behaviour.listed_path(verb) {
            _ if path.is_empty() => Some(path),
            ListedPath::Read => Some(path),
            ListedPath::Ignored => Some(""),
            ListedPath::Itself => return self.list_itself(path, behaviour).await,
            ListedPath::Empty => None,
            ListedPath::Refused(reply) => return self.reply(reply).await,
            ListedPath::Stalled => {
                let _data = self.data(behaviour.opens).await?;
                return std::future::pending().await;
            }
        };
        let Some(path) = path else { return self.send_listing("", behaviour).await };
        let lines = {
            let mut state = lock(&self.state);
            let prefix = if behaviour.lists_paths && !path.is_empty() {
                format!("{}/", path.trim_end_matches('/'))
            } else {
                String::new()
            };
            let lines = state.find(&self.directory, path).map(|path| state.lines(verb, &path, &prefix, all));
            state.late.clear();
            lines
        };
        match lines {
            Some(lines) if lines.is_empty() && behaviour.empty_listing.is_some() => {
                self.reply(behaviour.empty_listing.unwrap_or_default()).await
            }
            Some(lines) => self.send_listing(&lines, behaviour).await,
            None if behaviour.lists_missing_as_empty => self.send_listing("", behaviour).await,
            None => self.reply(&behaviour.missing.replace('@', path)).await,
        }
    }

    async fn list_itself(&mut self, path: &str, behaviour: &ServerBehaviour) -> std::io::Result<()> {
        let line = {
            let state = lock(&self.state);
            let path = state.find(&self.directory, path);
            path.and_then(|path| {
                let name = path.rsplit('/').next().unwrap_or_default();
                Some(format!("{}\r\n", (behaviour.list_line)(name, state.tree.get(&path)?)))
            })
        };
        match line {
            Some(line) => self.send_listing(&line, behaviour).await,
            None => self.reply(&behaviour.missing.replace('@', path)).await,
        }
    }

    async fn send_file(&mut self, path: &str, behaviour: &ServerBehaviour) -> std::io::Result<()> {
        let start = std::mem::take(&mut self.restart);
        let content = {
            let state = lock(&self.state);
            let path = state.find(&self.directory, path);
            path.and_then(|path| state.tree.get(&path)?.content().map(<[u8]>::to_vec))
        };
        let Some(content) = content else { return self.reply(&behaviour.missing.replace('@', path)).await };
        let rest = content.get(start..).unwrap_or_default();
        let held = {
            let state = lock(&self.state);
            state.held_users.contains(&self.user).then(|| state.held.clone())
        };
        if let Some(held) = held {
            let mut data = self.data(behaviour.opens).await?;
            data.write_all(rest.get(..rest.len() / 2).unwrap_or_default()).await?;
            held.send_modify(|count| *count += 1);
            data.read_u8().await?;
            return Ok(());
        }
        if behaviour.leaves_downloads_open {
            let mut data = self.data(behaviour.opens).await?;
            data.write_all(rest).await?;
            self.open_data.push(data);
            return self.reply(behaviour.closes).await;
        }
        let Some(reply) = self.breaks("RETR", path, behaviour) else {
            if behaviour.listing_resets_type && self.is_ascii {
                let converted = String::from_utf8_lossy(rest).replace('\n', "\r\n");
                return self.send(converted.as_bytes(), behaviour.opens, behaviour).await;
            }
            self.send(rest, behaviour.opens, behaviour).await?;
            let sent = u64::try_from(rest.len()).unwrap_or(u64::MAX);
            *lock(&self.state).sent.entry(self.user.clone()).or_default() += sent;
            return Ok(());
        };
        let mut data = self.data(behaviour.opens).await?;
        data.write_all(rest.get(..rest.len() / 2).unwrap_or_default()).await?;
        drop(data);
        self.break_off(reply).await
    }

    async fn receive_file(
        &mut self,
        verb: &str,
        path: &str,
        behaviour: &ServerBehaviour,
    ) -> std::io::Result<()> {
        let start = std::mem::take(&mut self.restart);
        let name = path.rsplit('/').next().unwrap_or_default();
        let path = if behaviour.stores_in_working_dir { name } else { path };
        let (target, old) = {
            let state = lock(&self.state);
            let existing = state.find(&self.directory, path);
            let old =
                existing.as_deref().and_then(|path| state.tree.get(path)?.content().map(<[u8]>::to_vec));
            (existing.or_else(|| state.new_path(&self.directory, path)), old)
        };
        let Some(target) = target else { return self.reply("553 No such directory").await };
        if old.is_some() && !behaviour.upload_replaces {
            return self.reply(behaviour.existing_file).await;
        }
        if behaviour.requires_allocation && !std::mem::take(&mut self.has_allocated) {
            return self.reply("503 Bad sequence of commands: ALLO is required before STOR.").await;
        }
        let mut content = old.unwrap_or_default();
        let end = content.split_off(if verb == "APPE" { content.len() } else { start.min(content.len()) });
        let broken = self.breaks("STOR", path, behaviour);
        let mut received = Vec::new();
        self.data(behaviour.opens).await?.read_to_end(&mut received).await?;
        if broken.is_some() {
            received.truncate(received.len() / 2);
        }
        if behaviour.upload_resets_type && self.is_ascii {
            received = String::from_utf8_lossy(&received).replace("\r\n", "\n").into_bytes();
        }
        self.is_ascii |= behaviour.upload_resets_type;
        let kept = end.get(received.len()..).filter(|_| behaviour.upload_keeps_end).unwrap_or_default();
        content.append(&mut received);
        content.extend_from_slice(kept);
        {
            let mut state = lock(&self.state);
            let now = state.behaviour.now;
            if behaviour.shows_uploads_late {
                state.late.insert(target.clone());
            }
            state.tree.insert(&target, Item::file(content, now));
        }
        match broken {
            Some(reply) => self.break_off(reply).await,
            None => self.reply(behaviour.closes).await,
        }
    }

    /// Returns the reply to a transfer that ends early, once for each path.
    fn breaks(&self, verb: &str, path: &str, behaviour: &ServerBehaviour) -> Option<&'static str> {
        let reply = behaviour.breaks_transfers?;
        lock(&self.state).broken.insert((verb.to_owned(), path.to_owned())).then_some(reply)
    }

    async fn break_off(&mut self, reply: &str) -> std::io::Result<()> {
        let kept = reply.strip_suffix('!');
        self.is_over = kept.is_some();
        self.reply(kept.unwrap_or(reply)).await
    }
}

impl MemoryState {
    /// Returns the stored path of something that exists. An argument of `MFMT` begins with a time.
    fn find(&self, directory: &str, argument: &str) -> Option<String> {
        let argument = match argument.split_once(' ') {
            Some((time, path)) if CivilTime::parse_time_val(time).is_some() => path,
            _ => argument,
        };
        let mut found = if argument.starts_with('/') { String::new() } else { directory.to_owned() };
        for name in argument.split('/').filter(|name| !matches!(*name, "" | ".")) {
            if name == ".." {
                found = found.rsplit_once('/').map(|(above, _)| above.to_owned()).unwrap_or_default();
                continue;
            }
            let wanted = (self.behaviour.compares_as)(name);
            let stored = self.tree.children(&found).into_iter().map(|(stored, _)| stored);
            let stored = stored.into_iter().find(|stored| (self.behaviour.compares_as)(stored) == wanted)?;
            found = join(&found, stored);
        }
        Some(found)
    }

    /// Returns the path under which something new is stored, if its directory exists.
    fn new_path(&self, directory: &str, argument: &str) -> Option<String> {
        let (above, name) = argument.rsplit_once('/').map_or(("", argument), |(above, name)| (above, name));
        let above = match argument.starts_with('/') {
            true => self.find("", above)?,
            false => self.find(directory, above)?,
        };
        Some(join(&above, &(self.behaviour.stores_as)(name)))
    }

    fn lines(&self, verb: &str, directory: &str, prefix: &str, all: bool) -> String {
        let children = self.tree.children(directory).into_iter();
        let hides = match verb {
            "MLSD" => self.behaviour.mlsd_hides_dot_names,
            _ => self.behaviour.hides_dot_names,
        };
        let is_late = |name: &str| self.late.contains(&join(directory, name));
        let shown = |name: &str| (all || !hides || !name.starts_with('.')) && !is_late(name);
        let lines = children.filter(|(name, _)| shown(name)).map(|(name, item)| match verb {
            "NLST" if self.behaviour.marks_directories && item.is_directory() => {
                format!("{prefix}{name}/\r\n")
            }
            "NLST" => format!("{prefix}{name}\r\n"),
            "LIST" => {
                let line = (self.behaviour.list_line)(&format!("{prefix}{name}"), item);
                format!("{line}{}", self.behaviour.list_line_end)
            }
            _ => format!("{}\r\n", (self.behaviour.facts_line)(name, item)),
        });
        let (before, after) = if verb == "LIST" { self.behaviour.list_frame } else { ("", "") };
        let below = if verb == "LIST" { self.lines_below(directory, prefix, all) } else { String::new() };
        [before.to_owned()].into_iter().chain(lines).chain([below, after.to_owned()]).collect()
    }

    /// Returns the lines of the directories below one, if they are listed with it.
    fn lines_below(&self, directory: &str, prefix: &str, all: bool) -> String {
        let children = self.tree.children(directory).into_iter().filter(|(_, item)| item.is_directory());
        let section = |name: &str| {
            let below = format!("{prefix}{name}");
            let lines = |prefix: &str| self.lines("LIST", &join(directory, name), prefix, all);
            match self.behaviour.listed_tree {
                ListedTree::Directory => String::new(),
                ListedTree::Paths => lines(&format!("{below}/")),
                ListedTree::Sections => format!("\r\n{}:\r\n{}", join(directory, name), lines("")),
            }
        };
        children.map(|(name, _)| section(name)).collect()
    }
}

/// The commands whose argument is a path.
const PATH_VERBS: [&str; 15] = [
    "APPE", "CWD", "DELE", "LIST", "MDTM", "MFMT", "MKD", "MLSD", "NLST", "RETR", "RMD", "RNFR", "RNTO",
    "SIZE", "STOR",
];

/// The commands that need a data connection.
const TRANSFER_VERBS: [&str; 6] = ["APPE", "LIST", "MLSD", "NLST", "RETR", "STOR"];

/// Returns the bytes of a text that is sent.
fn wire_bytes(text: &str, names_are_bytes: bool) -> Cow<'_, [u8]> {
    match names_are_bytes {
        true => text.chars().map(|byte| u8::try_from(byte).unwrap_or(b'?')).collect::<Vec<_>>().into(),
        false => text.as_bytes().into(),
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

fn features(behaviour: &ServerBehaviour) -> String {
    let has = |verb: &str| !behaviour.refused.contains(&verb);
    let own = ["MDTM", "MFMT", "SIZE"].into_iter().filter(|verb| has(verb));
    let own = own.chain(has("MLSD").then_some("MLST type*;size*;modify*;")).chain(["UTF8"]).collect();
    let offered = behaviour.features.map_or(own, <[_]>::to_vec);
    let lines: String = offered.iter().map(|feature| format!(" {feature}\n")).collect();
    format!("211-Features:\n{lines}211 End")
}
