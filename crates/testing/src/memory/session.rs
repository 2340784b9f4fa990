//! One session of the server.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
    task::JoinSet,
};

use super::{Habits, Item, State, lock};

/// Accepts sessions until the task is aborted.
pub(super) async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut sessions = JoinSet::new();
    while let Ok((control, _)) = listener.accept().await {
        // The reply to one command must not wait for the acknowledgement of another.
        let _ = control.set_nodelay(true);
        let state = state.clone();
        sessions.spawn(async move {
            // A client that has gone ends its session.
            let _ = run(control, state).await;
        });
    }
}

/// A session that is logged in.
struct Session {
    state: Arc<Mutex<State>>,
    control: OwnedWriteHalf,
    /// Without a leading `/`.
    directory: String,
    passive: Option<TcpListener>,
    renamed: Option<String>,
}

async fn run(control: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let (read, write) = control.into_split();
    let mut session =
        Session { state, control: write, directory: String::new(), passive: None, renamed: None };
    session.reply("220 ready").await?;
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let verb = verb.to_ascii_uppercase();
        let is_refused = {
            let mut state = lock(&session.state);
            state.commands.push(line.clone());
            state.habits.refused.contains(&&*verb)
        };
        match is_refused {
            true => session.reply("500 unknown command").await?,
            false if verb == "QUIT" => return session.reply("221 bye").await,
            false => session.answer(&verb, argument).await?,
        }
    }
    Ok(())
}

impl Session {
    async fn reply(&mut self, line: &str) -> std::io::Result<()> {
        self.control.write_all(format!("{line}\r\n").as_bytes()).await
    }

    async fn answer(&mut self, verb: &str, argument: &str) -> std::io::Result<()> {
        match verb {
            "LIST" | "NLST" | "MLSD" => self.list(verb, argument).await,
            "RETR" => self.send_file(argument).await,
            "STOR" => self.receive_file(argument).await,
            "EPSV" => self.listen().await,
            _ => {
                let reply = self.simple(verb, argument);
                self.reply(&reply).await
            }
        }
    }

    /// Carries out a command without data connection; returns the reply.
    fn simple(&mut self, verb: &str, argument: &str) -> String {
        let mut state = lock(&self.state);
        let path = state.find(&self.directory, argument);
        let State { habits, tree, .. } = &mut *state;
        let found = path.as_deref().and_then(|path| tree.get(path));
        let is_directory = path.as_deref() == Some("") || found.is_some_and(Item::is_directory);
        let is_empty = path.as_deref().is_some_and(|path| tree.children(path).is_empty());
        match (verb, path) {
            ("USER", _) => "331 more".to_owned(),
            ("PASS", _) => "230 in".to_owned(),
            ("SYST", _) => "215 UNIX Type: L8".to_owned(),
            ("FEAT", _) => features(habits),
            ("PWD", _) => format!("257 \"/{}\"", self.directory),
            ("TYPE" | "NOOP" | "OPTS", _) => "200 fine".to_owned(),
            ("CWD", Some(path)) if is_directory => {
                self.directory = path;
                "250 in".to_owned()
            }
            ("SIZE", _) if found.is_some() && !is_directory => {
                format!("213 {}", found.map_or(0, Item::size))
            }
            ("MDTM", _) if found.is_some() && !is_directory => {
                format!("213 {}", time_val(found.map_or(0, |item| item.modified)))
            }
            ("MFMT", Some(path)) => {
                match (argument.split_once(' ').and_then(|(time, _)| seconds(time)), path) {
                    (Some(time), path) if tree.get_mut(&path).map(|item| item.modified = time).is_some() => {
                        format!("213 Modify={}; done", time_val(time))
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
                    let item = Item::directory(state.habits.now);
                    state.tree.lay(&path, item);
                    format!("257 \"/{path}\" made")
                }
                None => "550 no such directory".to_owned(),
            },
            ("RNFR", Some(path)) => {
                self.renamed = Some(path);
                "350 to what?".to_owned()
            }
            ("RNTO", target) => {
                match (self.renamed.take(), target.or_else(|| state.new_path(&self.directory, argument))) {
                    (Some(from), Some(to)) => {
                        state.tree.rename(&from, &to);
                        "250 renamed".to_owned()
                    }
                    _ => "550 not renamed".to_owned(),
                }
            }
            ("CWD" | "SIZE" | "MDTM" | "DELE" | "RMD" | "RNFR", None) => {
                "550 No such file or directory".to_owned()
            }
            ("CWD" | "SIZE" | "MDTM" | "DELE" | "RMD" | "MKD", _) => "550 not possible".to_owned(),
            _ => "500 unknown command".to_owned(),
        }
    }

    async fn listen(&mut self) -> std::io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        self.passive = Some(listener);
        self.reply(&format!("229 listening (|||{port}|)")).await
    }

    async fn data(&mut self) -> std::io::Result<TcpStream> {
        let listener = self.passive.take().ok_or(std::io::ErrorKind::NotConnected)?;
        self.reply("150 here").await?;
        Ok(listener.accept().await?.0)
    }

    async fn list(&mut self, verb: &str, argument: &str) -> std::io::Result<()> {
        let (all, path) = match argument.strip_prefix("-a") {
            Some(path) if verb != "MLSD" => (true, path.trim_start()),
            _ => (false, argument),
        };
        let lines = {
            let state = lock(&self.state);
            state.find(&self.directory, path).map(|path| state.lines(verb, &path, all))
        };
        let Some(lines) = lines else { return self.reply("550 No such file or directory").await };
        let mut data = self.data().await?;
        data.write_all(lines.as_bytes()).await?;
        data.shutdown().await?;
        self.reply("226 done").await
    }

    async fn send_file(&mut self, path: &str) -> std::io::Result<()> {
        let content = {
            let state = lock(&self.state);
            let path = state.find(&self.directory, path);
            path.and_then(|path| state.tree.get(&path)?.content().map(<[u8]>::to_vec))
        };
        let Some(content) = content else { return self.reply("550 No such file or directory").await };
        let mut data = self.data().await?;
        data.write_all(&content).await?;
        data.shutdown().await?;
        self.reply("226 done").await
    }

    async fn receive_file(&mut self, path: &str) -> std::io::Result<()> {
        let target = {
            let state = lock(&self.state);
            state.find(&self.directory, path).or_else(|| state.new_path(&self.directory, path))
        };
        let Some(target) = target else { return self.reply("553 No such directory").await };
        let mut content = Vec::new();
        self.data().await?.read_to_end(&mut content).await?;
        {
            let mut state = lock(&self.state);
            let now = state.habits.now;
            state.tree.lay(&target, Item::file(content, now));
        }
        self.reply("226 done").await
    }
}

impl State {
    /// Returns the stored path of something that exists. An argument of `MFMT` begins with a time.
    fn find(&self, directory: &str, argument: &str) -> Option<String> {
        let argument = match argument.split_once(' ') {
            Some((time, path)) if seconds(time).is_some() => path,
            _ => argument,
        };
        let mut found = if argument.starts_with('/') { String::new() } else { directory.to_owned() };
        for name in argument.split('/').filter(|name| !matches!(*name, "" | ".")) {
            if name == ".." {
                found = found.rsplit_once('/').map(|(above, _)| above.to_owned()).unwrap_or_default();
                continue;
            }
            let wanted = (self.habits.compares_as)(name);
            let stored = self.tree.children(&found).into_iter().map(|(stored, _)| stored);
            let stored = stored.into_iter().find(|stored| (self.habits.compares_as)(stored) == wanted)?;
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
        Some(join(&above, &(self.habits.stores_as)(name)))
    }

    fn lines(&self, verb: &str, directory: &str, all: bool) -> String {
        let children = self.tree.children(directory).into_iter();
        let shown =
            |name: &str| verb == "MLSD" || all || !self.habits.hides_dot_names || !name.starts_with('.');
        let lines = children.filter(|(name, _)| shown(name)).map(|(name, item)| match verb {
            "NLST" => format!("{name}\r\n"),
            "LIST" => format!("{}\r\n", (self.habits.list_line)(name, item)),
            _ => {
                let kind = if item.is_directory() { "dir" } else { "file" };
                let (size, modified) = (item.size(), time_val(item.modified));
                format!("type={kind};size={size};modify={modified}; {name}\r\n")
            }
        });
        lines.collect()
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

fn features(habits: &Habits) -> String {
    let offered = ["MDTM", "MFMT", "MLSD", "SIZE"].into_iter().filter(|name| !habits.refused.contains(name));
    let lines: String = offered
        .map(|name| {
            if name == "MLSD" { " MLST type*;size*;modify*;\r\n".to_owned() } else { format!(" {name}\r\n") }
        })
        .collect();
    format!("211-Features:\r\n{lines} UTF8\r\n211 End")
}

/// Formats a time as `YYYYMMDDHHMMSS`.
fn time_val(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Parses `YYYYMMDDHHMMSS`.
fn seconds(text: &str) -> Option<i64> {
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    Some(days(year, month, day) * 86_400 + number(8, 10)? * 3600 + number(10, 12)? * 60 + number(12, 14)?)
}

/// Returns the number of days since 1970, by the algorithm of Howard Hinnant.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Returns year, month and day of a number of days since 1970, by the algorithm of Howard Hinnant.
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
