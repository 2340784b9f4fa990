//! Baseline: the fastest possible FTP client, with blocking sockets, one buffer and no checks.
//!
//! A large file is downloaded with `splice` and uploaded with `sendfile`. For many files, the next `EPSV` is sent in the
//! same packet as the current `RETR` or `STOR`.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
};

use rustix::{
    fs::sendfile,
    pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice},
};

use crate::files::name;

/// Runs a command given by its arguments: port, user, password, verb, remote path, local path and, for many files,
/// their number.
pub(crate) fn run(arguments: &[String]) -> io::Result<()> {
    let [port, user, password, verb, remote, local, rest @ ..] = arguments else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let count = rest.first().and_then(|count| count.parse().ok()).unwrap_or(0);
    let mut control = Control::login(port.parse().map_err(io::Error::other)?, user, password)?;
    let local = Path::new(local);
    match verb.as_str() {
        "get" => control.get(remote, local),
        "put" => control.put(remote, local),
        "get-all" => {
            control.all(count, "RETR", remote, |data, name| receive_small(data, &local.join(name)), local)
        }
        "put-all" => {
            control.all(count, "STOR", remote, |data, name| send_small(data, &local.join(name)), local)
        }
        _ => control.list(remote),
    }
}

struct Control {
    writer: TcpStream,
    reader: BufReader<TcpStream>,
    line: String,
}

impl Control {
    fn login(port: u16, user: &str, password: &str) -> io::Result<Self> {
        let writer = TcpStream::connect(("127.0.0.1", port))?;
        writer.set_nodelay(true)?;
        let reader = BufReader::new(writer.try_clone()?);
        let mut control = Self { writer, reader, line: String::new() };
        control.reply("220")?;
        for (command, code) in
            [(format!("USER {user}"), "331"), (format!("PASS {password}"), "230"), ("TYPE I".into(), "200")]
        {
            control.send(&command)?;
            control.reply(code)?;
        }
        Ok(control)
    }

    fn send(&mut self, commands: &str) -> io::Result<()> {
        self.writer.write_all(format!("{commands}\r\n").as_bytes())
    }

    fn reply(&mut self, code: &str) -> io::Result<&str> {
        self.line.clear();
        self.reader.read_line(&mut self.line)?;
        if self.line.starts_with(code) { Ok(&self.line) } else { Err(io::Error::other(self.line.clone())) }
    }

    /// Reads the reply to `EPSV`, which was sent before, and opens the data connection.
    fn connect(&mut self) -> io::Result<TcpStream> {
        let line = self.reply("229")?;
        let port = line.split('|').nth(3).and_then(|port| port.parse().ok());
        TcpStream::connect(("127.0.0.1", port.ok_or(io::ErrorKind::InvalidData)?))
    }

    fn open(&mut self, command: &str) -> io::Result<TcpStream> {
        self.send("EPSV")?;
        let data = self.connect()?;
        self.send(command)?;
        self.reply("150")?;
        Ok(data)
    }

    fn get(&mut self, remote: &str, local: &Path) -> io::Result<()> {
        let data = self.open(&format!("RETR {remote}"))?;
        let file = File::create(local)?;
        let (outlet, inlet) = pipe_with(PipeFlags::CLOEXEC)?;
        fcntl_setpipe_size(&inlet, BUFFER)?;
        loop {
            let mut rest = splice(&data, None, &inlet, None, BUFFER, SpliceFlags::MOVE)?;
            if rest == 0 {
                break;
            }
            while rest > 0 {
                rest -= splice(&outlet, None, &file, None, rest, SpliceFlags::MOVE)?;
            }
        }
        drop(data);
        self.reply("226").map(drop)
    }

    fn put(&mut self, remote: &str, local: &Path) -> io::Result<()> {
        let file = File::open(local)?;
        let data = self.open(&format!("STOR {remote}"))?;
        while sendfile(&data, &file, None, usize::MAX >> 33)? > 0 {}
        drop(data);
        self.reply("226").map(drop)
    }

    fn all(
        &mut self,
        count: usize,
        verb: &str,
        directory: &str,
        mut transfer: impl FnMut(TcpStream, &str) -> io::Result<()>,
        local: &Path,
    ) -> io::Result<()> {
        if verb == "RETR" {
            fs::create_dir(local)?;
        } else {
            self.send(&format!("MKD {directory}"))?;
            self.reply("257")?;
        }
        self.send("EPSV")?;
        for number in 0..count {
            let data = self.connect()?;
            let next = if number + 1 < count { "\r\nEPSV" } else { "" };
            self.send(&format!("{verb} {directory}/{}{next}", name(number)))?;
            self.reply("150")?;
            transfer(data, &name(number))?;
            self.reply("226")?;
        }
        Ok(())
    }

    fn list(&mut self, directory: &str) -> io::Result<()> {
        let mut data = self.open(&format!("LIST {directory}"))?;
        io::copy(&mut data, &mut io::stdout())?;
        self.reply("226").map(drop)
    }
}

fn receive_small(mut data: TcpStream, local: &Path) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(64 * 1024);
    data.read_to_end(&mut buffer)?;
    fs::write(local, buffer)
}

fn send_small(mut data: TcpStream, local: &Path) -> io::Result<()> {
    data.write_all(&fs::read(local)?)
}

const BUFFER: usize = 1024 * 1024;
