//! The options of a server in memory.

use std::{fmt, sync::Arc};

use super::Item;

/// Formats the name of an item as a line.
pub type LineFormat = dyn Fn(&str, &Item) -> String + Send + Sync;

/// An argument that a server reads as a path.
#[derive(Debug, Clone, Copy)]
pub struct PathArgument<'a> {
    /// The command, in capitals.
    pub verb: &'a str,
    /// The working directory, with slashes and without a leading one.
    pub directory: &'a str,
    /// The argument as it was received.
    pub argument: &'a str,
}

/// The effect of the path of `LIST`, `NLST` or `MLSD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedPath {
    /// Lists that directory.
    Read,
    /// Lists the working directory.
    Ignored,
    /// Shows the directory itself, as `ls -d` does.
    Itself,
    /// Lists nothing, and reports success.
    Empty,
    /// Sends this reply.
    Refused(&'static str),
    /// Opens the data connection, and neither sends nor ends anything.
    Stalled,
}

/// The extent of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedTree {
    /// The entries of the directory.
    Directory,
    /// Those of each directory below it as well, after its path and a colon, as `ls -R` lists them.
    Sections,
    /// All entries below it, by their paths.
    Paths,
}

/// The behaviour of a [`MemoryServer`](super::MemoryServer).
#[derive(Clone)]
pub struct ServerBehaviour {
    /// The text of the greeting, or the whole greeting if one of its lines begins with a code.
    pub greeting: &'static str,
    /// The text of the reply to `SYST`.
    pub system: &'static str,
    /// The features that `FEAT` shows; `None` for those that the server has.
    pub features: Option<&'static [&'static str]>,
    /// The directory after the login, without a leading slash. It exists.
    pub home: &'static str,
    /// Reads the argument of a command: returns a path from the root with slashes and without a leading one, or `None` to
    /// refuse it. By default, arguments are paths with slashes.
    pub reads_path: Option<fn(PathArgument<'_>) -> Option<String>>,
    /// The text of the reply to `PWD` in this directory.
    pub shows_directory: fn(&str) -> String,
    /// The commands that are refused with `unknown`, such as `MLSD`.
    pub refused: Vec<&'static str>,
    /// The reply to an unknown command; `@` stands for its verb.
    pub unknown: &'static str,
    /// Replies in place of an answer: to a whole command, or to each command with a verb. Lines are separated by `\n`. No
    /// reply is sent if it is empty, and the session ends if it ends with `!`.
    pub replies: &'static [(&'static str, &'static str)],
    /// The replies to commands that succeeded, by verb; `@` stands for the argument, `#` for the text of the usual reply.
    pub confirmations: &'static [(&'static str, &'static str)],
    /// The reply to a path that does not exist.
    pub missing: &'static str,
    /// The reply that opens a transfer; none if it is empty.
    pub opens: &'static str,
    /// The reply that opens the transfer of a listing, if it is another one.
    pub opens_listing: Option<&'static str>,
    /// The reply that ends a transfer.
    pub closes: &'static str,
    /// The reply that ends a transfer is sent before the data connection is closed.
    pub closes_early: bool,
    /// Each reply that is not preliminary is sent twice.
    pub repeats_replies: bool,
    /// `CWD` accepts any path. Directories that do not exist are listed as empty.
    pub enters_anything: bool,
    /// The refusal to create a directory that exists.
    pub existing: &'static str,
    /// Bytes before each line of a reply.
    pub line_start: &'static [u8],
    /// The end of a line of a reply.
    pub line_end: &'static str,
    /// The reply to `EPSV` for a port.
    pub extended_passive: fn(u16) -> String,
    /// The reply to `PASV` for a port.
    pub passive: fn(u16) -> String,
    /// The port of a data connection is open a moment after the reply that names it.
    pub listens_late: bool,
    /// The port of a data connection is open only after the transfer command.
    pub listens_at_transfer: bool,
    /// The port of a data connection is closed at any command but the one that transfers.
    pub port_for_next_command: bool,
    /// The data connections of listings are reset after their data.
    pub resets_listings: bool,
    /// The data connections of downloads stay open after their data.
    pub leaves_downloads_open: bool,
    /// `STOR` ignores the directory in its path, and stores files in the working directory.
    pub stores_in_working_dir: bool,
    /// The number of data connections that a session may have; more are refused with `425`.
    pub data_connections: usize,
    /// `EPSV` and `PASV` are refused unless `PRET` was sent.
    pub requires_pret: bool,
    /// The number of concurrent sessions, and the greeting of further ones. They are not greeted if it is empty.
    pub sessions: Option<(usize, &'static str)>,
    /// The number of transfers after which a session ends without a reply to the next command.
    pub transfers_per_session: usize,
    /// The session ends after the final reply of each transfer.
    pub ends_after_transfer: bool,
    /// The session ends after the final reply of each listing, with this reply unless it is empty.
    pub ends_after_listing: Option<&'static str>,
    /// The type is `A` again after each listing, and files are converted in it.
    pub listing_resets_type: bool,
    /// The type is `A` again after each upload, and files are converted in it.
    pub upload_resets_type: bool,
    /// `NLST` shows a slash after the names of directories.
    pub marks_directories: bool,
    /// The first `RETR` and the first `STOR` of each path end after half of the bytes, with this reply. The session ends
    /// too if it ends with `!`.
    pub breaks_transfers: Option<&'static str>,
    /// Names are bytes: each stands in a path of this server as the character with its number.
    pub names_are_bytes: bool,
    /// `LIST` and `NLST` leave out names that begin with a dot, unless `-a` is requested.
    pub hides_dot_names: bool,
    /// `MLSD` leaves them out, too.
    pub mlsd_hides_dot_names: bool,
    /// The words after `LIST` are options if they begin with `-`; otherwise they are a path.
    pub knows_list_options: bool,
    /// The session ends at `LIST -a`.
    pub ends_at_list_options: bool,
    /// `LIST -a` lists the root, whatever follows the option.
    pub list_options_name_root: bool,
    /// The extent of `LIST`.
    pub listed_tree: ListedTree,
    /// The number of seconds by which the time in `MFMT` is ahead of UTC.
    pub sets_time_ahead: i64,
    /// The refusal to list an empty directory.
    pub empty_listing: Option<&'static str>,
    /// `LIST` and `NLST` put the path before each name.
    pub lists_paths: bool,
    /// A directory that does not exist is listed as an empty one.
    pub lists_missing_as_empty: bool,
    /// `LIST`, `NLST` and `MLSD` are refused with `504` in `TYPE I`.
    pub lists_in_ascii_only: bool,
    /// The effect of the path of each of these commands.
    pub listed_paths: &'static [(&'static str, ListedPath)],
    /// The text before and after the lines of `LIST`.
    pub list_frame: (&'static str, &'static str),
    /// The end of a line of `LIST`.
    pub list_line_end: &'static str,
    /// The form in which a new name is stored.
    pub stores_as: fn(&str) -> String,
    /// The form in which names are compared.
    pub compares_as: fn(&str) -> String,
    /// Files may be replaced by `RNTO`.
    pub rename_replaces: bool,
    /// Files may be replaced by `STOR`.
    pub upload_replaces: bool,
    /// The refusal to replace a file by `STOR`.
    pub existing_file: &'static str,
    /// `MLSD` shows no entry of any directory.
    pub mlsd_shows_nothing: bool,
    /// The first listing after an upload does not show the new file.
    pub shows_uploads_late: bool,
    /// A session that begins beside another one is logged in, and gets no reply after that.
    pub ignores_further_sessions: bool,
    /// `STOR` begins at the start of the old file, and leaves its end if it is longer.
    pub upload_keeps_end: bool,
    /// `STOR` is refused unless `ALLO` was sent.
    pub requires_allocation: bool,
    /// Formats an entry as a line of `LIST`.
    pub list_line: Arc<LineFormat>,
    /// Formats an entry as a line of `MLSD`.
    pub facts_line: Arc<LineFormat>,
    /// The time of the server's clock, in seconds since 1970.
    pub now: i64,
}

impl Default for ServerBehaviour {
    /// A server of today, which keeps names as they are.
    fn default() -> Self {
        Self {
            greeting: "ready",
            system: "UNIX Type: L8",
            features: None,
            home: "",
            reads_path: None,
            shows_directory: |directory| format!("\"/{directory}\""),
            refused: Vec::new(),
            unknown: "500 unknown command",
            replies: &[],
            confirmations: &[],
            missing: "550 No such file or directory",
            opens: "150 here",
            opens_listing: None,
            closes: "226 done",
            closes_early: false,
            repeats_replies: false,
            enters_anything: false,
            existing: "550 not possible",
            line_start: b"",
            line_end: "\r\n",
            extended_passive: |port| format!("229 listening (|||{port}|)"),
            passive: |port| format!("227 Entering Passive Mode (127,0,0,1,{},{})", port >> 8, port & 255),
            listens_late: false,
            listens_at_transfer: false,
            port_for_next_command: false,
            resets_listings: false,
            leaves_downloads_open: false,
            stores_in_working_dir: false,
            data_connections: usize::MAX,
            requires_pret: false,
            sessions: None,
            transfers_per_session: usize::MAX,
            ends_after_transfer: false,
            ends_after_listing: None,
            listing_resets_type: false,
            upload_resets_type: false,
            marks_directories: false,
            breaks_transfers: None,
            names_are_bytes: false,
            hides_dot_names: false,
            mlsd_hides_dot_names: false,
            knows_list_options: true,
            ends_at_list_options: false,
            list_options_name_root: false,
            listed_tree: ListedTree::Directory,
            sets_time_ahead: 0,
            empty_listing: None,
            lists_paths: false,
            lists_missing_as_empty: false,
            lists_in_ascii_only: false,
            listed_paths: &[],
            list_frame: ("", ""),
            list_line_end: "\r\n",
            stores_as: str::to_owned,
            compares_as: str::to_owned,
            rename_replaces: true,
            upload_replaces: true,
            existing_file: "553 File already exists",
            mlsd_shows_nothing: false,
            shows_uploads_late: false,
            ignores_further_sessions: false,
            upload_keeps_end: false,
            requires_allocation: false,
            list_line: Arc::new(|name, item| {
                let kind = if item.is_directory() { 'd' } else { '-' };
                format!("{kind}rw-r--r-- 1 ann staff {} Jan  2  2020 {name}", item.size())
            }),
            facts_line: Arc::new(|name, item| {
                let kind = if item.is_directory() { "dir" } else { "file" };
                format!("type={kind};size={};modify={}; {name}", item.size(), item.time().time_val())
            }),
            now: 1_700_000_000,
        }
    }
}

impl ServerBehaviour {
    /// A server that implements only `LIST`, and neither reports nor sets exact times.
    #[must_use]
    pub fn list_only() -> Self {
        let refused = vec!["MLSD", "MLST", "MDTM", "MFMT", "FEAT", "SITE"];
        Self { refused, ..Self::default() }
    }

    /// Sets the format of `LIST`.
    #[must_use]
    pub fn listing(self, line: impl Fn(&str, &Item) -> String + Send + Sync + 'static) -> Self {
        Self { list_line: Arc::new(line), ..self }
    }

    /// Sets the format of `MLSD`.
    #[must_use]
    pub fn facts(self, line: impl Fn(&str, &Item) -> String + Send + Sync + 'static) -> Self {
        Self { facts_line: Arc::new(line), ..self }
    }

    /// Sets in which form new names are stored, and names are compared.
    #[must_use]
    pub fn names(self, stores_as: fn(&str) -> String, compares_as: fn(&str) -> String) -> Self {
        Self { stores_as, compares_as, ..self }
    }

    /// Returns the reply in place of an answer to a command.
    pub(super) fn reply_to(&self, line: &str, verb: &str) -> Option<&'static str> {
        let reply =
            |key: &str| self.replies.iter().find(|(command, _)| *command == key).map(|(_, reply)| *reply);
        reply(line).or_else(|| reply(verb))
    }

    /// Returns the reply to a command that succeeded.
    pub(super) fn confirmation(&self, verb: &str) -> Option<&'static str> {
        self.confirmations.iter().find(|(command, _)| *command == verb).map(|(_, reply)| *reply)
    }

    /// Returns the effect of a path on a listing command.
    pub(super) fn listed_path(&self, verb: &str) -> ListedPath {
        let found = self.listed_paths.iter().find(|(command, _)| *command == verb);
        found.map_or(ListedPath::Read, |(_, listed)| *listed)
    }
}

impl fmt::Debug for ServerBehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBehaviour").field("refused", &self.refused).finish_non_exhaustive()
    }
}
