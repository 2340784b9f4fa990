//! Link with latency: two network namespaces, a TUN device in each, and a process that forwards every packet from one
//! to the other after half of the round-trip time.
//!
//! The server's namespace has an ordinary loopback device. In the client's namespace, 127.0.0.1 is routed over the
//! link, so servers and clients need no special configuration. Requires root, `ip`, `nsenter`, `unshare` and Python.

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

/// A running link.
pub(crate) struct Link {
    client: Namespace,
    server: Namespace,
    forwarder: Child,
}

impl Link {
    /// Sets up a link with this round-trip time.
    pub(crate) fn open(round_trip: Duration) -> io::Result<Self> {
        let (client, server) = (Namespace::new()?, Namespace::new()?);
        let direction = round_trip.as_secs_f64() / 2.0;
        let mut forwarder = Command::new("python3")
            .args(["-c", include_str!("link.py"), CLIENT_DEVICE, SERVER_DEVICE, &direction.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = forwarder.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let link = Self { client, server, forwarder };
        if line.trim() != "ready" {
            return Err(io::Error::other("cannot create the devices of the link"));
        }
        link.client.attach(CLIENT_DEVICE, CLIENT_ADDRESS, SERVER_ADDRESS)?;
        link.server.attach(SERVER_DEVICE, SERVER_ADDRESS, CLIENT_ADDRESS)?;
        link.server.run("ip link set lo up")?;
        link.client.run(&format!("ip route add 127.0.0.1/32 dev {CLIENT_DEVICE} src {CLIENT_ADDRESS}"))?;
        Ok(link)
    }

    /// Moves this thread, and every thread and process that it starts later, to the server's namespace.
    pub(crate) fn enter_server_namespace(&self) -> io::Result<()> {
        let namespace = open(self.server.path(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?)
    }

    /// Returns the same command, run in the client's namespace.
    pub(crate) fn in_client_namespace(&self, command: &Command) -> Command {
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
        let _ = self.forwarder.kill();
        let _ = self.forwarder.wait();
    }
}

/// A network namespace, held open by an idle process.
struct Namespace {
    holder: Child,
}

impl Namespace {
    fn new() -> io::Result<Self> {
        let own = std::fs::read_link("/proc/self/ns/net")?;
        let holder = Command::new("unshare").args(["--net", "sleep", "infinity"]).spawn()?;
        let namespace = Self { holder };
        while std::fs::read_link(namespace.path()).is_ok_and(|found| found == own) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(namespace)
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.holder.id())
    }

    /// Moves a device into this namespace and configures it as the route to the other end.
    fn attach(&self, device: &str, own: &str, peer: &str) -> io::Result<()> {
        let holder = self.holder.id().to_string();
        check(Command::new("ip").args(["link", "set", device, "netns", &holder]))?;
        // Packets with loopback addresses arrive over the link.
        for (setting, value) in [("rp_filter", 0), ("route_localnet", 1)] {
            for scope in ["all", device] {
                self.run(&format!("echo {value} > /proc/sys/net/ipv4/conf/{scope}/{setting}"))?;
            }
        }
        self.run(&format!("ip addr add {own} peer {peer} dev {device}"))?;
        self.run(&format!("ip link set {device} mtu {MTU} up"))
    }

    fn run(&self, arguments: &str) -> io::Result<()> {
        check(Command::new("nsenter").arg(format!("--net={}", self.path())).args(["sh", "-c", arguments]))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
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
/// Large, so that the benchmark does not measure the forwarding process.
const MTU: u32 = 65_000;
