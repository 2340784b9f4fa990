//! One session of a fragile server.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use super::{Fault, Files, FragileShared, Refusal, parent, verb};

/// A session, from its connection on.
pub(super) struct FragileSession {
    shared: Arc<FragileShared>,
    number: usize,
    control: TcpStream,
    input: BufReader<TcpStream>,
    directory: String,
    passive: Option<TcpListener>,
    restart: usize,
    /// No final reply is sent any more.
    is_silent: bool,
    renamed: Option<String>,
}

/// The next step of a session after a command.
enum Flow {
    Continue,
    End,
}

impl FragileSession {
    pub(super) fn new(shared: Arc<FragileShared>, number: usize, control: TcpStream) -> io::Result<Self> {
        let input = BufReader::new(control.try_clone()?);
        let directory = shared.settings.home.clone();
        Ok(Self {
            shared,
            number,
            control,
            input,
            directory,
            passive: None,
            restart: 0,
            is_silent: false,
            renamed: None,
        })
    }

    pub(super) fn run(mut self) -> io::Result<()> {
        self.shared.lock().connections += 1;
        match self.refusal_at_greeting()? {
            Some(Refusal::Silence) => return self.stall(),
            Some(Refusal::HangUp) => return self.control.shutdown(Shutdown::Both),
            Some(Refusal::Greeting(line)) => {
                self.reply(&line)?;
                return self.control.shutdown(Shutdown::Both);
            }
            _ => {}
        }
        self.reply("220 ready")?;
        loop {
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if let Flow::End = self.obey(line)? {
                return self.control.shutdown(Shutdown::Both);
            }
        }
    }

    /// Takes a place, unless there is no room.
    fn refusal_at_greeting(&self) -> io::Result<Option<Refusal>> {
        let socket = self.control.try_clone()?;
        let mut state = self.shared.lock();
        if let Some((limit, refusal)) = &self.shared.settings.room
            && state.sessions.len() >= *limit
            && !matches!(refusal, Refusal::AtLogin(_) | Refusal::EndsOldest)
        {
            return Ok(Some(refusal.clone()));
        }
        state.sessions.insert(self.number, vec![socket]);
        state.most_sessions = state.most_sessions.max(state.sessions.len());
        Ok(None)
    }

    fn obey(&mut self, line: &str) -> io::Result<Flow> {
        match self.shared.receive(line) {
            None => {}
            Some(Fault::Silence) => return Ok(Flow::Continue),
            Some(Fault::Stall) => return self.stall().map(|()| Flow::End),
            Some(Fault::HangUp) => return Ok(Flow::End),
            Some(Fault::HangUpAfterwards) => {
                let silent = self.control.try_clone()?;
                silent.shutdown(Shutdown::Write)?;
                let _ = self.answer(line);
                return Ok(Flow::End);
            }
            Some(Fault::StallAfterwards) => {
                self.is_silent = true;
                let _ = self.answer(line);
                return self.stall().map(|()| Flow::End);
            }
            Some(Fault::ReplyAndHangUp(reply)) => {
                self.reply(&reply)?;
                return Ok(Flow::End);
            }
            Some(Fault::Reply(reply)) => return self.reply(&reply).map(|()| Flow::Continue),
        }
        self.answer(line)
    }

    fn answer(&mut self, line: &str) -> io::Result<Flow> {
        let argument = line.split_once(' ').map_or("", |(_, argument)| argument);
        let is_ignored = self.shared.settings.lists_here && matches!(verb(line).as_str(), "MLSD" | "LIST");
        let path = if is_ignored { self.directory.clone() } else { self.absolute(argument) };
        match verb(line).as_str() {
            "USER" => self.reply("331 more")?,
            "PASS" => return self.log_in(),
            "QUIT" => {
                self.reply("221 bye")?;
                return Ok(Flow::End);
            }
            "FEAT" => {
                let features: String =
                    self.shared.settings.features.iter().map(|feature| format!(" {feature}\r\n")).collect();
                self.reply(&format!("211-Features\r\n{features}211 End"))?;
            }
            "SYST" => self.reply("215 UNIX Type: L8")?,
            "NOOP" | "TYPE" | "MODE" | "STRU" | "OPTS" | "CLNT" | "ALLO" | "SITE UMASK" => {
                self.reply("200 fine")?
            }
            "PWD" => self.reply(&format!("257 \"{}\"", self.directory))?,
            "CWD" => match self.is_directory(&path) {
                true => {
                    self.directory = path;
                    self.reply("250 in")?;
                }
                false => self.reply("550 No such directory")?,
            },
            "CDUP" => {
                self.directory = parent(&self.directory).to_owned();
                self.reply("250 up")?;
            }
            "EPSV" | "PASV" => self.listen(line == "EPSV")?,
            "REST" => {
                self.restart = argument.parse().unwrap_or(0);
                self.reply("350 go on")?;
            }
            "MLSD" | "LIST" | "RETR" | "STOR" | "APPE" => self.transfer(&verb(line), &path)?,
            "MLST" => {
                let facts = facts(&self.shared.lock().files, &path);
                match facts {
                    Some(facts) => self.reply(&format!("250-Entry\r\n {facts} {path}\r\n250 End"))?,
                    None => self.reply("550 No such file")?,
                }
            }
            "SIZE" => match self.content(&path) {
                Some(content) => self.reply(&format!("213 {}", content.len()))?,
                None => self.reply("550 No such file")?,
            },
            "MDTM" => self.reply("213 20240102030405")?,
            "MFMT" => self.reply("213 Modify=20240102030405; x")?,
            "SITE CHMOD" => self.reply("200 changed")?,
            "DELE" | "RMD" => {
                let removed = self.remove(&path);
                self.reply(if removed { "250 removed" } else { "550 No such file or directory" })?;
            }
            "MKD" => {
                let exists = self.shared.lock().files.contains_key(&path);
                self.shared.lock().files.entry(path).or_insert(None);
                self.reply(if exists { "550 File exists" } else { "257 \"x\" made" })?;
            }
            "RNFR" => {
                self.renamed = Some(path);
                self.reply("350 go on")?;
            }
            "RNTO" => {
                let from = self.renamed.take().unwrap_or_default();
                let moved = self.shared.lock().files.remove(&from);
                match moved {
                    Some(content) => {
                        self.shared.lock().files.insert(path, content);
                        self.reply("250 renamed")?;
                    }
                    None => self.reply("550 No such file")?,
                }
            }
            _ => self.reply("500 what?")?,
        }
        Ok(Flow::Continue)
    }

    fn log_in(&mut self) -> io::Result<Flow> {
        thread::sleep(self.shared.settings.login_delay);
        let room = self.shared.settings.room.clone();
        if let Some((limit, refusal)) = room {
            let mut state = self.shared.lock();
            if state.sessions.len() > limit {
                match refusal {
                    Refusal::AtLogin(reply) => {
                        drop(state);
                        self.reply(&reply)?;
                        return Ok(Flow::End);
                    }
                    Refusal::EndsOldest => {
                        let oldest = state.sessions.keys().copied().find(|number| *number != self.number);
                        let ended = oldest.and_then(|oldest| state.sessions.remove(&oldest));
                        for socket in ended.into_iter().flatten() {
                            let _ = socket.shutdown(Shutdown::Both);
                        }
                    }
                    _ => {}
                }
            }
        }
        self.reply("230 in")?;
        Ok(Flow::Continue)
    }

    fn listen(&mut self, extended: bool) -> io::Result<()> {
        let address = self.control.local_addr()?.ip();
        let listener = TcpListener::bind((address, 0))?;
        let port = listener.local_addr()?.port();
        self.passive = Some(listener);
        match extended {
            true => self.reply(&format!("229 Entering (|||{port}|)")),
            false => {
                let address = address.to_string().replace('.', ",");
                self.reply(&format!("227 Entering ({address},{},{})", port >> 8, port & 255))
            }
        }
    }

    fn transfer(&mut self, verb: &str, path: &str) -> io::Result<()> {
        let Some(listener) = self.passive.take() else { return self.reply("425 no data connection") };
        let offset = std::mem::take(&mut self.restart);
        let outgoing = match verb {
            "RETR" => match self.content(path) {
                Some(content) => Some(content.get(offset..).unwrap_or_default().to_vec()),
                None => return self.reply("550 No such file"),
            },
            "STOR" | "APPE" => None,
            _ if !self.is_directory(path) => return self.reply("550 No such directory"),
            _ => Some(listing(&self.shared.lock().files, path, verb == "MLSD")),
        };
        self.reply("150 here it comes")?;
        let (mut data, _) = listener.accept()?;
        if let Some(sockets) = self.shared.lock().sessions.get_mut(&self.number) {
            sockets.truncate(1);
            sockets.push(data.try_clone()?);
        }
        match outgoing {
            Some(bytes) => data.write_all(&bytes)?,
            None => self.store(verb, path, offset, &mut data)?,
        }
        data.shutdown(Shutdown::Both).or_else(|error| match error.kind() {
            io::ErrorKind::NotConnected => Ok(()),
            _ => Err(error),
        })?;
        self.reply("226 done")
    }

    fn store(&self, verb: &str, path: &str, offset: usize, data: &mut TcpStream) -> io::Result<()> {
        let mut received = Vec::new();
        let outcome = data.read_to_end(&mut received);
        received.truncate(self.shared.settings.stored_bytes);
        let mut state = self.shared.lock();
        let content = state.files.entry(path.to_owned()).or_default().get_or_insert_default();
        content.truncate(if verb == "APPE" { content.len() } else { offset });
        content.extend_from_slice(&received);
        outcome.map(drop)
    }

    fn remove(&self, path: &str) -> bool {
        let mut state = self.shared.lock();
        let is_empty = !state.files.keys().any(|other| parent(other) == path && other != path);
        is_empty && state.files.remove(path).is_some()
    }

    fn content(&self, path: &str) -> Option<Vec<u8>> {
        self.shared.lock().files.get(path).cloned().flatten()
    }

    fn is_directory(&self, path: &str) -> bool {
        self.shared.lock().files.get(path).is_some_and(Option::is_none)
    }

    fn absolute(&self, argument: &str) -> String {
        if argument == "/" {
            return argument.to_owned();
        }
        let argument = argument.trim_start_matches("-a ").trim_end_matches('/');
        match argument {
            "" | "." | "-a" => self.directory.clone(),
            path if path.starts_with('/') => path.to_owned(),
            path if self.directory == "/" => format!("/{path}"),
            path => format!("{}/{path}", self.directory),
        }
    }

    fn reply(&mut self, line: &str) -> io::Result<()> {
        if self.is_silent && !line.starts_with('1') {
            return Ok(());
        }
        self.control.write_all(format!("{line}\r\n").as_bytes())
    }

    /// Reads all input and answers nothing.
    fn stall(&mut self) -> io::Result<()> {
        io::copy(&mut self.input, &mut io::sink()).map(drop)
    }
}

fn facts(files: &Files, path: &str) -> Option<String> {
    Some(match files.get(path)? {
        Some(content) => format!("type=file;size={};modify=20240102030405;", content.len()),
        None => "type=dir;modify=20240102030405;".to_owned(),
    })
}

fn listing(files: &Files, directory: &str, by_facts: bool) -> Vec<u8> {
    let entries = files.iter().filter(|(path, _)| *path != "/" && parent(path) == directory);
    let lines = entries.map(|(path, content)| {
        let name = path.rsplit('/').next().unwrap_or_default();
        match (by_facts, content) {
            (true, _) => format!("{} {name}\r\n", facts(files, path).unwrap_or_default()),
            (false, Some(content)) => format!("-rw-r--r-- 1 a a {} Jan  2  2024 {name}\r\n", content.len()),
            (false, None) => format!("drwxr-xr-x 1 a a 0 Jan  2  2024 {name}\r\n"),
        }
    });
    lines.collect::<String>().into_bytes()
}
