//! A link with a long way: two network namespaces, a TUN device in each, and a process that carries every packet
//! from one to the other after half of the round trip.
//!
//! The server's namespace has a loopback device as usual. In the client's, 127.0.0.1 is routed over the
//! link, so that servers and clients need not know of it. Takes root, `ip`, `nsenter`, `unshare` and Python.

use std::{
    io::{self, BufRead, BufReader},
    os::fd::AsFd,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::{
    fs::{Mode, OFlags, open},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

/// A link that is up.
pub(crate) struct Link {
    client: Namespace,
    server: Namespace,
    carrier: Child,
}

impl Link {
    /// Sets up a link with this round trip.
    pub(crate) fn open(round_trip: Duration) -> io::Result<Self> {
        let (client, server) = (Namespace::new()?, Namespace::new()?);
        let way = round_trip.as_secs_f64() / 2.0;
        let mut carrier = Command::new("python3")
            .args(["-c", include_str!("link.py"), CLIENT_DEVICE, SERVER_DEVICE, &way.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = carrier.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let link = Self { client, server, carrier };
        if line.trim() != "ready" {
            return Err(io::Error::other("the devices of the link cannot be made"));
        }
        link.client.take(CLIENT_DEVICE, CLIENT_ADDRESS, SERVER_ADDRESS)?;
        link.server.take(SERVER_DEVICE, SERVER_ADDRESS, CLIENT_ADDRESS)?;
        link.server.run("ip link set lo up")?;
        link.client.run(&format!("ip route add 127.0.0.1/32 dev {CLIENT_DEVICE} src {CLIENT_ADDRESS}"))?;
        Ok(link)
    }

    /// Moves this thread, and what it starts from now on, to the server's end.
    pub(crate) fn enter_server(&self) -> io::Result<()> {
        let namespace = open(self.server.path(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?)
    }

    /// Gives a command that does the same at the client's end.
    pub(crate) fn at_client(&self, command: &Command) -> Command {
        let mut moved = Command::new("nsenter");
        moved.arg(format!("--net={}", self.client.path()));
        if let Some(directory) = command.get_current_dir() {
            moved.current_dir(directory);
        }
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                moved.env(name, value);
            }
        }
        moved.arg(command.get_program()).args(command.get_args());
        moved
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _ = self.carrier.kill();
        let _ = self.carrier.wait();
    }
}

/// A network namespace, kept by a process that does nothing.
struct Namespace {
    keeper: Child,
}

impl Namespace {
    fn new() -> io::Result<Self> {
        let own = std::fs::read_link("/proc/self/ns/net")?;
        let keeper = Command::new("unshare").args(["--net", "sleep", "infinity"]).spawn()?;
        let namespace = Self { keeper };
        while std::fs::read_link(namespace.path()).is_ok_and(|found| found == own) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(namespace)
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.keeper.id())
    }

    /// Takes a device, which is then its way to the other end.
    fn take(&self, device: &str, own: &str, peer: &str) -> io::Result<()> {
        let keeper = self.keeper.id().to_string();
        check(Command::new("ip").args(["link", "set", device, "netns", &keeper]))?;
        // Loopback addresses come over the link.
        for (setting, value) in [("rp_filter", 0), ("route_localnet", 1)] {
            for scope in ["all", device] {
                self.run(&format!("echo {value} > /proc/sys/net/ipv4/conf/{scope}/{setting}"))?;
            }
        }
        self.run(&format!("ip addr add {own} peer {peer} dev {device}"))?;
        self.run(&format!("ip link set {device} mtu {LARGEST_PACKET} up"))
    }

    fn run(&self, words: &str) -> io::Result<()> {
        check(Command::new("nsenter").arg(format!("--net={}", self.path())).args(["sh", "-c", words]))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

fn check(command: &mut Command) -> io::Result<()> {
    match command.status()? {
        status if status.success() => Ok(()),
        status => Err(io::Error::other(format!("{command:?}: {status}"))),
    }
}

const CLIENT_DEVICE: &str = "oxftp-client";
const SERVER_DEVICE: &str = "oxftp-server";
const CLIENT_ADDRESS: &str = "10.77.0.1";
const SERVER_ADDRESS: &str = "10.77.0.2";
/// Large, so that the process that carries them is not what is measured.
const LARGEST_PACKET: u32 = 65_000;
