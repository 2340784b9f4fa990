//! Memory of optional commands: those that a server answers, and those that end or hang its sessions.
//!
//! [`CommandMemory`] belongs to a builder and its clones; the sessions on one server share a [`ServerMemory`].

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use crate::Host;

/// Experience with the optional commands of each server, by host and port.
#[derive(Debug, Default)]
pub(crate) struct CommandMemory(Mutex<Vec<(Host, Arc<ServerMemory>)>>);

/// Experience with the optional commands of one server.
#[derive(Debug, Default)]
pub(crate) struct ServerMemory {
    standings: Mutex<BTreeMap<OptionalCommand, Standing>>,
    /// A first attempt has ended.
    changed: Notify,
    /// A transfer has begun without a preliminary reply.
    omits_preliminary: AtomicBool,
    /// A session has ended after a complete listing.
    ends_after_listing: AtomicBool,
    /// The server had no port for a passive data connection.
    lacked_passive_port: AtomicBool,
    /// The user knows that uploads cannot be verified.
    reported_unverified: AtomicBool,
}

/// An optional command: the client can use another command in its place, or do without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OptionalCommand(&'static str);

/// The experience with one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is sent for the first time.
    OnTrial,
    /// It has been answered; since then, this many sessions were lost after it.
    Answered { lost: u32 },
    /// A session was lost after it. It is not sent again.
    Avoided,
}

/// The state of the first attempt of a command.
enum Trial {
    First(CommandTrial),
    Running,
    Over,
}

/// First attempt of a command. Other sessions wait for its outcome before they send the same command.
#[derive(Debug)]
#[must_use]
pub(crate) struct CommandTrial {
    server: Arc<ServerMemory>,
    command: OptionalCommand,
}

impl CommandMemory {
    /// Returns the memory of one server.
    pub(crate) fn of(&self, host: &Host) -> Arc<ServerMemory> {
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = servers.iter().find(|(known, _)| known == host) {
            return known.clone();
        }
        let new = Arc::<ServerMemory>::default();
        servers.push((host.clone(), new.clone()));
        new
    }
}

impl ServerMemory {
    /// Returns whether a command is not to be sent again.
    pub(crate) fn avoids(&self, command: OptionalCommand) -> bool {
        let standings = self.lock();
        let is_avoided = |command| standings.get(&command) == Some(&Standing::Avoided);
        is_avoided(command) || command == OptionalCommand::TIMED_MDTM && is_avoided(OptionalCommand::MDTM)
    }

    /// Returns whether a transfer has begun without a preliminary reply.
    pub(crate) fn omits_preliminary(&self) -> bool {
        self.omits_preliminary.load(Ordering::Relaxed)
    }

    /// Records that a transfer has begun without a preliminary reply.
    pub(crate) fn note_silent_start(&self) {
        self.omits_preliminary.store(true, Ordering::Relaxed);
    }

    /// Returns whether a session has ended after a complete listing.
    pub(crate) fn ends_after_listing(&self) -> bool {
        self.ends_after_listing.load(Ordering::Relaxed)
    }

    /// Records that a session has ended after a complete listing.
    pub(crate) fn note_end_after_listing(&self) {
        self.ends_after_listing.store(true, Ordering::Relaxed);
    }

    /// Returns whether the server had no port for a passive data connection.
    pub(crate) fn lacked_passive_port(&self) -> bool {
        self.lacked_passive_port.load(Ordering::Relaxed)
    }

    /// Records that the server had no port for a passive data connection; returns whether that was so before.
    pub(crate) fn note_lack_of_passive_port(&self) -> bool {
        self.lacked_passive_port.swap(true, Ordering::Relaxed)
    }

    /// Returns `true` the first time that the user has to learn that uploads cannot be verified.
    pub(crate) fn reports_unverified(&self) -> bool {
        !self.reported_unverified.swap(true, Ordering::Relaxed)
    }

    /// Returns the commands that are not to be sent again.
    pub(crate) fn avoided(&self) -> Vec<&'static str> {
        let standings = self.lock();
        let avoided = standings.iter().filter(|(_, standing)| **standing == Standing::Avoided);
        avoided.map(|(command, _)| command.name()).collect()
    }

    /// Returns whether the server has answered a command.
    pub(crate) fn has_answered(&self, command: OptionalCommand) -> bool {
        matches!(self.lock().get(&command), Some(Standing::Answered { .. }))
    }

    /// Waits while another session sends the command for the first time. Returns `None` if the command has an outcome
    /// already.
    pub(crate) async fn trial(self: &Arc<Self>, command: OptionalCommand) -> Option<CommandTrial> {
        loop {
            let mut changed = pin!(self.changed.notified());
            // Register for changes before checking, so that none is missed.
            changed.as_mut().enable();
            match self.begin_trial(command) {
                Trial::First(trial) => return Some(trial),
                Trial::Over => return None,
                Trial::Running => changed.await,
            }
        }
    }

    fn begin_trial(self: &Arc<Self>, command: OptionalCommand) -> Trial {
        let mut standings = self.lock();
        match standings.get(&command) {
            None => {
                standings.insert(command, Standing::OnTrial);
                Trial::First(CommandTrial { server: self.clone(), command })
            }
            Some(Standing::OnTrial) => Trial::Running,
            Some(_) => Trial::Over,
        }
    }

    /// Records that the server has answered a command.
    pub(crate) fn answered(&self, command: OptionalCommand) {
        let mut standings = self.lock();
        if standings.get(&command) != Some(&Standing::Avoided) {
            standings.insert(command, Standing::Answered { lost: 0 });
        }
        drop(standings);
        self.changed.notify_waiters();
    }

    /// Records that a session was lost after a command; returns whether the command is avoided from now on.
    ///
    /// A command that was answered before is avoided after the second loss in succession, because sessions are lost
    /// for other reasons, too.
    pub(crate) fn lost(&self, command: OptionalCommand) -> bool {
        let mut standings = self.lock();
        let standing = match standings.get(&command) {
            Some(Standing::Answered { lost }) if lost + 1 < MAX_LOST => Standing::Answered { lost: lost + 1 },
            _ => Standing::Avoided,
        };
        standings.insert(command, standing);
        drop(standings);
        self.changed.notify_waiters();
        standing == Standing::Avoided
    }

    /// Records that a command is not to be sent again.
    pub(crate) fn avoid(&self, command: OptionalCommand) {
        self.lock().insert(command, Standing::Avoided);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<OptionalCommand, Standing>> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A trial that ends without an outcome lets another session try.
impl Drop for CommandTrial {
    fn drop(&mut self) {
        let mut standings = self.server.lock();
        if standings.get(&self.command) == Some(&Standing::OnTrial) {
            standings.remove(&self.command);
        }
        drop(standings);
        self.server.changed.notify_waiters();
    }
}

impl OptionalCommand {
    /// Closing the session replaces it. A line with it is not sent as an optional command.
    pub(crate) const ABOR: Self = Self("ABOR");
    pub(crate) const EPRT: Self = Self("EPRT");
    pub(crate) const EPSV: Self = Self("EPSV");
    pub(crate) const MDTM: Self = Self("MDTM");
    pub(crate) const MLSD: Self = Self("MLSD");
    pub(crate) const SIZE: Self = Self("SIZE");
    /// `MDTM` that sets a time.
    const TIMED_MDTM: Self = Self("MDTM with a time");

    /// Returns the optional command that a line sends, if it is one.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|byte| *byte == b' ');
        let verb = words.next().unwrap_or_default();
        let argument = words.next().unwrap_or_default();
        let name = match (verb, argument) {
            (b"SITE", b"UTIME") => "SITE UTIME",
            (b"MODE", b"Z") => "MODE Z",
            (b"MDTM", time) if is_time(time) && words.next().is_some() => Self::TIMED_MDTM.0,
            (verb, _) => VERBS.iter().copied().find(|known| known.as_bytes() == verb)?,
        };
        Some(Self(name))
    }

    /// Returns the command as it is shown to users.
    pub(crate) fn name(self) -> &'static str {
        self.0
    }

    /// Returns how long to wait for the reply. Commands that only save time, and need no work of the server, get less
    /// than the full deadline.
    pub(crate) fn patience(self, deadline: Option<Duration>) -> Option<Duration> {
        match self.0 {
            "MLSD" | "HASH" => deadline,
            verb if verb.starts_with('X') || verb == "MD5" => deadline,
            _ => deadline.map(|deadline| (deadline / 2).min(PATIENCE)),
        }
    }
}

/// Returns whether a word is a time as in `MDTM 20211108214605 x`.
fn is_time(word: &[u8]) -> bool {
    word.len() == 14 && word.iter().all(u8::is_ascii_digit)
}

/// Optional commands that a verb identifies.
const VERBS: &[&str] = &[
    "ALLO", "CLNT", "EPRT", "EPSV", "FEAT", "HASH", "MD5", "MDTM", "MFMT", "MLSD", "MLST", "OPTS", "SIZE",
    "SYST", "XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512",
];

/// After this many losses in succession, a command that worked before is avoided.
const MAX_LOST: u32 = 2;

/// Maximum wait for the reply to a command that only saves time.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use futures_util::future::poll_immediate;

    use super::*;

    #[test]
    fn optional_commands_are_recognized_by_their_words() {
        let name = |line: &str| OptionalCommand::of(line.as_bytes()).map(OptionalCommand::name);

        assert_eq!(name("MLST pub/x"), Some("MLST"));
        assert_eq!(name("EPSV"), Some("EPSV"));
        assert_eq!(name("MDTM x y"), Some("MDTM"));
        assert_eq!(name("MDTM 20211108214605"), Some("MDTM"));
        assert_eq!(name("MDTM 20211108214605 x"), Some("MDTM with a time"));
        assert_eq!(name("SITE UTIME 20211108214605 x"), Some("SITE UTIME"));
        for mandatory in
            ["SITE CHMOD 644 x", "MODE S", "RETR x", "LIST", "PASV", "PROT P", "NOOP", "CWD EPSV"]
        {
            assert_eq!(name(mandatory), None, "{mandatory}");
        }
    }

    #[test]
    fn command_that_was_answered_survives_one_loss() {
        let memory = ServerMemory::default();

        memory.answered(OptionalCommand::SIZE);
        assert!(!memory.lost(OptionalCommand::SIZE));
        memory.answered(OptionalCommand::SIZE);
        assert!(!memory.lost(OptionalCommand::SIZE));
        assert!(memory.lost(OptionalCommand::SIZE));
        assert!(memory.lost(OptionalCommand::MLSD));

        assert!(memory.avoids(OptionalCommand::SIZE) && memory.avoids(OptionalCommand::MLSD));
        assert!(!memory.has_answered(OptionalCommand::SIZE));
    }

    #[tokio::test]
    async fn second_session_waits_for_the_first_attempt() {
        let memory = Arc::new(ServerMemory::default());
        let first = memory.trial(OptionalCommand::EPSV).await;
        assert!(first.is_some());
        let mut second = Box::pin(memory.trial(OptionalCommand::EPSV));
        assert!(poll_immediate(&mut second).await.is_none());
        assert!(memory.trial(OptionalCommand::SIZE).await.is_some());

        drop(first);

        let second = poll_immediate(&mut second).await.unwrap();
        assert!(second.is_some(), "the first attempt was cancelled");
        memory.lost(OptionalCommand::EPSV);
        assert!(memory.trial(OptionalCommand::EPSV).await.is_none());
    }

    #[test]
    fn timeout_of_an_optimisation_is_shorter() {
        let patience = |line: &str, seconds| {
            let deadline = Duration::from_secs(seconds);
            OptionalCommand::of(line.as_bytes()).unwrap().patience(Some(deadline)).unwrap().as_secs()
        };

        assert_eq!([patience("MLST x", 30), patience("MLST x", 6), patience("MLSD", 30)], [10, 3, 30]);
    }
}
