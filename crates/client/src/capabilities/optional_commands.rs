//! Optional commands: those that a server answers, and those that end or hang its sessions.
//!
//! [`KnownServers`] belongs to a builder and its clones; the sessions on one server share its [`OptionalCommands`].

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

use super::login_times::LoginTimes;
use crate::Host;

/// The optional commands of each server, by host and port.
#[derive(Debug, Default)]
pub(crate) struct KnownServers(Mutex<Vec<(Host, Arc<OptionalCommands>)>>);

/// The optional commands of one server, with their status.
#[derive(Debug, Default)]
pub(crate) struct OptionalCommands {
    statuses: Mutex<BTreeMap<OptionalCommand, CommandStatus>>,
    /// A first attempt has ended.
    changed: Notify,
    /// A transfer has begun without a preliminary reply.
    omits_preliminary: AtomicBool,
    /// A session has ended after a complete listing.
    ends_after_listing: AtomicBool,
    /// The server had no port for a passive data connection.
    lacked_passive_port: AtomicBool,
    /// The server did not answer an optional command within its time.
    is_silent: AtomicBool,
    /// The user knows that uploads cannot be verified.
    reported_unverified: AtomicBool,
    /// The logins of all sessions of a builder.
    pub(crate) logins: LoginTimes,
    /// A session has created files or directories.
    has_created: AtomicBool,
}

/// An optional command: the client can use another command in its place, or do without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OptionalCommand(&'static str);

/// Status of one command on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommandStatus {
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
    commands: Arc<OptionalCommands>,
    command: OptionalCommand,
}

impl KnownServers {
    /// Returns the optional commands of one server.
    pub(crate) fn of(&self, host: &Host) -> Arc<OptionalCommands> {
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = servers.iter().find(|(known, _)| known == host) {
            return known.clone();
        }
        let new = Arc::<OptionalCommands>::default();
        servers.push((host.clone(), new.clone()));
        new
    }
}

impl OptionalCommands {
    /// Returns whether a command is not to be sent again.
    pub(crate) fn avoids(&self, command: OptionalCommand) -> bool {
        let statuses = self.lock();
        let is_avoided = |command| statuses.get(&command) == Some(&CommandStatus::Avoided);
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

    /// Returns whether a session has created files or directories, which a listing from a cache may not show yet.
    pub(crate) fn has_created(&self) -> bool {
        self.has_created.load(Ordering::Relaxed)
    }

    /// Records that a session has created a file or a directory.
    pub(crate) fn note_creation(&self) {
        self.has_created.store(true, Ordering::Relaxed);
    }

    /// Returns `true` the first time that the user has to learn that uploads cannot be verified.
    pub(crate) fn reports_unverified(&self) -> bool {
        !self.reported_unverified.swap(true, Ordering::Relaxed)
    }

    /// Records that the server did not answer an optional command within its time.
    pub(crate) fn note_silence(&self) {
        self.is_silent.store(true, Ordering::Relaxed);
    }

    /// Returns how long to wait for the reply to an optional command. A server that has left one without a reply gets
    /// less time for others that it has not answered yet: it probably answers no command that it does not know.
    pub(crate) fn reply_timeout(
        &self,
        command: OptionalCommand,
        deadline: Option<Duration>,
    ) -> Option<Duration> {
        let usual = command.reply_timeout(deadline);
        match self.is_silent.load(Ordering::Relaxed) && !self.has_answered(command) {
            true => Some(usual.map_or(SILENT_TIMEOUT, |usual| usual.min(SILENT_TIMEOUT))),
            false => usual,
        }
    }

    /// Returns the commands that are not to be sent again.
    pub(crate) fn avoided(&self) -> Vec<&'static str> {
        let statuses = self.lock();
        let avoided = statuses.iter().filter(|(_, status)| **status == CommandStatus::Avoided);
        avoided.map(|(command, _)| command.name()).collect()
    }

    /// Returns whether the server has answered a command.
    pub(crate) fn has_answered(&self, command: OptionalCommand) -> bool {
        matches!(self.lock().get(&command), Some(CommandStatus::Answered { .. }))
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
        let mut statuses = self.lock();
        match statuses.get(&command) {
            None => {
                statuses.insert(command, CommandStatus::OnTrial);
                Trial::First(CommandTrial { commands: self.clone(), command })
            }
            Some(CommandStatus::OnTrial) => Trial::Running,
            Some(_) => Trial::Over,
        }
    }

    /// Records that the server has answered a command.
    pub(crate) fn answered(&self, command: OptionalCommand) {
        let mut statuses = self.lock();
        if statuses.get(&command) != Some(&CommandStatus::Avoided) {
            statuses.insert(command, CommandStatus::Answered { lost: 0 });
        }
        drop(statuses);
        self.changed.notify_waiters();
    }

    /// Records that a session was lost after a command; returns whether the command is avoided from now on.
    ///
    /// A command that was answered before is avoided after the second loss in succession, because sessions are lost
    /// for other reasons, too.
    pub(crate) fn lost(&self, command: OptionalCommand) -> bool {
        let mut statuses = self.lock();
        let status = match statuses.get(&command) {
            Some(CommandStatus::Answered { lost }) if lost + 1 < MAX_LOST => {
                CommandStatus::Answered { lost: lost + 1 }
            }
            _ => CommandStatus::Avoided,
        };
        statuses.insert(command, status);
        drop(statuses);
        self.changed.notify_waiters();
        status == CommandStatus::Avoided
    }

    /// Records that a command is not to be sent again.
    pub(crate) fn avoid(&self, command: OptionalCommand) {
        self.lock().insert(command, CommandStatus::Avoided);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<OptionalCommand, CommandStatus>> {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A trial that ends without an outcome lets another session try.
impl Drop for CommandTrial {
    fn drop(&mut self) {
        let mut statuses = self.commands.lock();
        if statuses.get(&self.command) == Some(&CommandStatus::OnTrial) {
            statuses.remove(&self.command);
        }
        drop(statuses);
        self.commands.changed.notify_waiters();
    }
}

impl OptionalCommand {
    /// Closing the session replaces it. A line with it is not sent as an optional command.
    pub(crate) const ABOR: Self = Self("ABOR");
    pub(crate) const EPRT: Self = Self("EPRT");
    pub(crate) const EPSV: Self = Self("EPSV");
    pub(crate) const MDTM: Self = Self("MDTM");
    pub(crate) const MLSD: Self = Self("MLSD");
    /// Without it the working directory is not known. A line with it is not sent as an optional command.
    pub(crate) const PWD: Self = Self("PWD");
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
    pub(crate) fn reply_timeout(self, deadline: Option<Duration>) -> Option<Duration> {
        match self.0 {
            "MLSD" | "HASH" => deadline,
            verb if verb.starts_with('X') || verb == "MD5" => deadline,
            _ => deadline.map(|deadline| (deadline / 2).min(MAX_REPLY_TIMEOUT)),
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
const MAX_REPLY_TIMEOUT: Duration = Duration::from_secs(6);

/// The same wait on a server that has left another optional command without a reply.
const SILENT_TIMEOUT: Duration = Duration::from_secs(2);

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
        let commands = OptionalCommands::default();

        commands.answered(OptionalCommand::SIZE);
        assert!(!commands.lost(OptionalCommand::SIZE));
        commands.answered(OptionalCommand::SIZE);
        assert!(!commands.lost(OptionalCommand::SIZE));
        assert!(commands.lost(OptionalCommand::SIZE));
        assert!(commands.lost(OptionalCommand::MLSD));

        assert!(commands.avoids(OptionalCommand::SIZE) && commands.avoids(OptionalCommand::MLSD));
        assert!(!commands.has_answered(OptionalCommand::SIZE));
    }

    #[tokio::test]
    async fn second_session_waits_for_the_first_attempt() {
        let commands = Arc::new(OptionalCommands::default());
        let first = commands.trial(OptionalCommand::EPSV).await;
        assert!(first.is_some());
        let mut second = Box::pin(commands.trial(OptionalCommand::EPSV));
        assert!(poll_immediate(&mut second).await.is_none());
        assert!(commands.trial(OptionalCommand::SIZE).await.is_some());

        drop(first);

        let second = poll_immediate(&mut second).await.unwrap();
        assert!(second.is_some(), "the first attempt was cancelled");
        commands.lost(OptionalCommand::EPSV);
        assert!(commands.trial(OptionalCommand::EPSV).await.is_none());
    }

    #[test]
    fn timeout_of_an_optimisation_is_shorter() {
        let reply_timeout = |line: &str, seconds| {
            let deadline = Duration::from_secs(seconds);
            OptionalCommand::of(line.as_bytes()).unwrap().reply_timeout(Some(deadline)).unwrap().as_secs()
        };

        assert_eq!(
            [reply_timeout("MLST x", 30), reply_timeout("MLST x", 6), reply_timeout("MLSD", 30)],
            [6, 3, 30]
        );
    }

    #[test]
    fn silent_server_gets_shorter_timeout() {
        let commands = OptionalCommands::default();
        let timeout =
            |command| commands.reply_timeout(command, Some(Duration::from_secs(30))).unwrap().as_secs();
        commands.answered(OptionalCommand::SIZE);
        assert_eq!([timeout(OptionalCommand::MLSD), timeout(OptionalCommand::SIZE)], [30, 6]);

        commands.note_silence();

        assert_eq!([timeout(OptionalCommand::MLSD), timeout(OptionalCommand::SIZE)], [2, 6]);
    }
}
