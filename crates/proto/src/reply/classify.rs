//! Classification of replies: the reason for a refusal, decided by code and text.
//!
//! FTP has few codes for many reasons: `550` is a missing file, a lack of permission, or a directory that is not
//! empty. Only the text distinguishes them. Each predicate is a table of codes and words; its tests are the literal
//! texts of servers.
//!
//! ```
//! use oxftp_proto::{Code, Reply, classify};
//!
//! let reply = Reply::new(Code::FILE_UNAVAILABLE, [&b"Permission denied."[..]]);
//! assert!(classify::is_permission_denied(&reply) && !classify::is_not_found(&reply));
//! ```

use super::Reply;
use crate::Code;

/// The existence of a path, according to a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// The text says that the path does not exist.
    Missing,
    /// The text says that the path exists: it is busy, not empty, or of the wrong kind.
    Present,
    /// The text does not say whether the path exists. vsftpd sends `550 Failed to open file.` both for a missing file
    /// and for an unreadable one.
    Unknown,
}

/// Returns whether the path of a command exists, according to its refusal and on clear evidence only.
///
/// Meant for decisions that lose data if they are wrong. A lack of permission is not evidence: many servers refuse
/// before they look.
///
/// ```
/// use oxftp_proto::{Code, Reply, classify::{self, Presence}};
///
/// let presence = |text: &str| classify::presence(&Reply::new(Code::FILE_UNAVAILABLE, [text.as_bytes()]));
/// assert_eq!(presence("x: No such file or directory"), Presence::Missing);
/// assert_eq!(presence("d: Directory not empty"), Presence::Present);
/// assert_eq!(presence("Remove directory operation failed."), Presence::Unknown);
/// ```
#[must_use]
pub fn presence(reply: &Reply) -> Presence {
    let codes = &[450, 521, 550, 553];
    if is_not_found(reply) {
        Presence::Missing
    } else if says_any(reply, ABSENCE) {
        Presence::Unknown
    } else if matches(reply, &[Rule { codes, words: PRESENCE }, Rule { codes, words: WRONG_KIND }])
        || is_file_busy(reply)
    {
        Presence::Present
    } else {
        Presence::Unknown
    }
}

/// Returns whether the text says that a path does not exist, as [`Presence::Missing`].
///
/// A `550` without a reason does not count: vsftpd sends `550 Failed to open file.` and `550 Delete operation
/// failed.` for existing paths, too. See [`presence`].
#[must_use]
pub fn is_not_found(reply: &Reply) -> bool {
    // Pure-FTPd refuses an upload into a missing directory with `553 Can't open that file: No such file or directory`.
    if says_absent_file(reply) {
        return has_code(reply, &[450, 550, 553]);
    }
    has_code(reply, UNAVAILABLE)
        && says_any(reply, ABSENCE)
        && !says_any(reply, PERMISSION)
        && !says_any(reply, PRESENCE)
        && !says_any(reply, WRONG_KIND)
        && !is_file_busy(reply)
}

/// Returns whether the server refused for lack of permission.
#[must_use]
pub fn is_permission_denied(reply: &Reply) -> bool {
    matches(reply, &[Rule { codes: &[532, 553], words: &[] }, Rule { codes: UNAVAILABLE, words: PERMISSION }])
        && !says_absent_file(reply)
        && !is_file_busy(reply)
}

/// Returns whether the text of a refusal is about permissions, independent of its code.
#[must_use]
pub fn says_permission(reply: &Reply) -> bool {
    says_any(reply, PERMISSION)
}

/// Returns whether a change of a file or directory was refused for the moment, so that another attempt may succeed
/// (RFC 959, section 4.2.1).
///
/// Some servers send `450` where they mean `550`: a text about permissions, or about what exists, is not one about the
/// moment.
#[must_use]
pub fn is_refused_for_now(reply: &Reply) -> bool {
    has_code(reply, &[450, 451])
        && (is_file_busy(reply)
            || presence(reply) == Presence::Unknown
                && !says_permission(reply)
                && !says_any(reply, &["exist"])
                && !says_any(reply, UNSUPPORTED))
}

/// Returns whether the server refused because another session or process uses the file. That may be the session of an
/// earlier transfer of this client whose loss the server has not noticed yet. Another attempt may succeed,
/// independent of the code.
#[must_use]
pub fn is_file_busy(reply: &Reply) -> bool {
    has_code(reply, &[450, 451, 550, 551, 553]) && says_phrase(reply, BUSY) && !says_absent_file(reply)
}

/// Returns whether an upload was refused because of the file that is there already: it is busy, or it exists.
///
/// Right after a broken upload of this client, the existing file is its partial file, and another attempt may help.
/// Otherwise, a server that says `553 File already exists` does not permit to overwrite files.
#[must_use]
pub fn is_upload_blocked(reply: &Reply) -> bool {
    is_file_busy(reply) || is_replacement_refused(reply)
}

/// Returns whether an upload was refused because a file of that name exists, as servers do that do not permit
/// overwriting. Deleting the file may be permitted.
#[must_use]
pub fn is_replacement_refused(reply: &Reply) -> bool {
    matches(reply, &[Rule { codes: &[450, 550, 553], words: &["already exist", "file exists"] }])
        && !says_any(reply, &["directory", "folder"])
        && !is_file_busy(reply)
}

/// Returns whether a `550` is about something that exists, such as a directory that is not empty.
#[must_use]
pub fn is_conflict(reply: &Reply) -> bool {
    has_code(reply, &[550]) && (says_exists(reply) || says_any(reply, CONFLICT))
}

/// Returns whether a refusal says that the path exists already, as to `MKD` of an existing directory.
#[must_use]
pub fn says_exists(reply: &Reply) -> bool {
    let exists = says_any(reply, &["exists"]) && !says_any(reply, &["not exist"]);
    reply.code() == Code::DIRECTORY_EXISTS || has_code(reply, &[550]) && exists
}

/// Returns whether a path was refused without a reason: the text is neither about permissions nor about what exists.
#[must_use]
pub fn is_unexplained(reply: &Reply) -> bool {
    has_code(reply, &[550, 553])
        && presence(reply) == Presence::Unknown
        && !says_permission(reply)
        && !says_any(reply, &["exist"])
}

/// Returns whether a refusal says that the path is no directory.
#[must_use]
pub fn says_not_directory(reply: &Reply) -> bool {
    has_code(reply, &[501, 550]) && says_any(reply, &["not a directory", "not directory"])
}

/// Returns whether a login was refused because of its user name or password, independent of the code. Repeating it
/// may lock the account.
#[must_use]
pub fn is_bad_credentials(reply: &Reply) -> bool {
    matches(
        reply,
        &[
            Rule { codes: &[430], words: &[] },
            Rule { codes: &[530], words: BAD_PASSWORD },
            Rule { codes: &[421], words: FAILED_LOGIN },
        ],
    )
}

/// Returns whether a session was refused because there are too many: a `421` or `530` that says so. Both codes
/// have other meanings as well.
#[must_use]
pub fn is_connection_limit(reply: &Reply) -> bool {
    let rules = [
        Rule { codes: &[421, 530], words: CONNECTION_LIMIT },
        Rule { codes: &[221, 500], words: TOO_MANY_SESSIONS },
        Rule { codes: &[221], words: &["busy"] },
    ];
    matches(reply, &rules) && !is_bad_credentials(reply)
}

/// Returns whether this reply in place of the greeting may mean that there are too many sessions. Meant for a session
/// that is opened in addition to others on the same server.
///
/// Servers without room for a further session send `421`, `221` or `500` with any text, or another refusal. The
/// refusal is not about the number of sessions if the server demands TLS, or has banned the client. A server may also
/// close the connection without a reply.
#[must_use]
pub fn is_connection_limit_at_greeting(reply: &Reply) -> bool {
    let refused = reply.code().class() >= 4 || reply.code() == Code::CLOSING;
    is_connection_limit(reply) || refused && !is_bad_credentials(reply) && !requires_tls(reply)
}

/// Returns whether `USER` was refused because the session is already logged in, or because the server knows no users.
/// Only meaningful after a greeting of `230`.
pub(crate) fn refuses_second_login(reply: &Reply) -> bool {
    matches(
        reply,
        &[Rule { codes: &[500, 502, 503], words: &[] }, Rule { codes: &[530], words: &["already"] }],
    )
}

/// Returns whether the server demands TLS. Servers refuse unencrypted logins with many codes: 530, 534, 550, 421.
#[must_use]
pub fn requires_tls(reply: &Reply) -> bool {
    let text = reply.text().to_ascii_lowercase();
    let mut words = text.split(|character: char| !character.is_ascii_alphanumeric());
    reply.code().class() >= 4 && words.any(|word| TLS_WORDS.contains(&word))
}

/// Returns whether the server requires `PRET` before a passive command, as drftpd does.
#[must_use]
pub fn requires_pret(reply: &Reply) -> bool {
    reply.lines().any(|line| line.split(|byte| !byte.is_ascii_alphabetic()).any(|word| word == b"PRET"))
}

/// Returns whether a refused `MLSD` is worth a `LIST`: the command is unknown, or known and fails by itself.
///
/// `202` and a `550` that says so are such refusals, too. For any other `550`, see [`may_reject_mlsd`].
#[must_use]
pub fn rejects_mlsd(reply: &Reply) -> bool {
    let unsupported = matches(
        reply,
        &[Rule { codes: &[202, 451], words: &[] }, Rule { codes: &[550], words: UNSUPPORTED }],
    );
    (reply.code().is_unsupported() || unsupported) && !is_empty_listing(reply)
}

/// Returns whether a refused `MLSD` does not show whether the path or the command is at fault: some servers reply to
/// it with `550` for every directory.
///
/// If `MLSD` has never worked on this server, `LIST` is worth an attempt. It is right only if it shows an entry,
/// because many servers list a missing directory as empty. Otherwise this reply is the error to report.
#[must_use]
pub fn may_reject_mlsd(reply: &Reply) -> bool {
    has_code(reply, &[550]) && !rejects_mlsd(reply) && !is_empty_listing(reply)
}

/// Returns whether the server does not know a command. `501` is left out: it may be about one path.
#[must_use]
pub fn is_unknown_command(reply: &Reply) -> bool {
    reply.code().is_unsupported() && !has_code(reply, &[501])
}

/// Returns whether active mode may be tried after a refused passive command: after any permanent refusal that is not
/// about the login or its protection.
#[must_use]
pub fn rejects_passive(reply: &Reply) -> bool {
    is_unknown_command(reply) || reply.code().class() == 5 && !has_code(reply, &[521, 522, 530, 534])
}

/// Returns whether the server knows a passive command, but cannot open a port for it. Some servers without passive mode
/// say so at each attempt.
#[must_use]
pub fn lacks_passive_port(reply: &Reply) -> bool {
    has_code(reply, &[425])
}

/// Returns whether the server wants to know the size of a file before its upload (`ALLO`).
#[must_use]
pub fn requires_allocation(reply: &Reply) -> bool {
    reply.code().class() == 5
        && reply
            .lines()
            .any(|line| line.split(|byte| !byte.is_ascii_alphabetic()).any(|word| word == b"ALLO"))
}

/// Returns whether the server refused the argument of a command: a path that it takes for a wrong one, or for one of
/// the wrong kind.
#[must_use]
pub fn rejects_argument(reply: &Reply) -> bool {
    has_code(reply, &[501, 550])
}

/// Returns whether a refused path may have to begin at the root: the text says so, or the server calls it a wrong argument.
#[must_use]
pub fn wants_absolute_path(reply: &Reply) -> bool {
    matches(
        reply,
        &[
            Rule { codes: &[501], words: &[] },
            Rule { codes: BAD_NAMES, words: ABSOLUTE },
            Rule { codes: BAD_NAMES, words: &["invalid path", "illegal path", "invalid name", "bad path"] },
        ],
    )
}

/// Returns whether the text of a refusal says that paths have to begin at the root.
#[must_use]
pub fn demands_absolute_path(reply: &Reply) -> bool {
    matches(reply, &[Rule { codes: &[501], words: ABSOLUTE }, Rule { codes: BAD_NAMES, words: ABSOLUTE }])
}

/// Returns whether the server refused to list a directory because it is empty, as ProFTPD, drftpd and z/OS do.
#[must_use]
pub fn is_empty_listing(reply: &Reply) -> bool {
    matches(reply, &[Rule { codes: UNAVAILABLE, words: EMPTY }])
}

/// Returns whether a listing that ended with success is incomplete: vsftpd and Pure-FTPd say so with `226`.
#[must_use]
pub fn is_listing_truncated(reply: &Reply) -> bool {
    says_any(reply, TRUNCATED)
}

/// Returns whether the server has no space for a file. An upload would fail for the same reason.
#[must_use]
pub fn is_out_of_space(reply: &Reply) -> bool {
    has_code(reply, &[452, 552])
}

/// Returns whether vsftpd reports a fatal error, after which it closes the connection. It does so when a fast client
/// has used up the ports for data connections.
#[must_use]
pub fn is_fatal_oops(reply: &Reply) -> bool {
    has_code(reply, &[500]) && reply.text().starts_with("OOPS")
}

/// Returns whether a refusal will last although its code is that of a transient one: wrong credentials, a full disk,
/// and the `450` that ProFTPD and others send where they mean `550`.
#[must_use]
pub fn is_permanent(reply: &Reply) -> bool {
    let lasting =
        has_code(reply, &[450]) && (says_any(reply, ABSENCE) || says_any(reply, &["permission", "denied"]));
    is_bad_credentials(reply) || is_out_of_space(reply) || lasting
}

/// Replies with one of these codes whose text contains one of these words; with no words, any text.
struct Rule {
    codes: &'static [u16],
    words: &'static [&'static str],
}

fn matches(reply: &Reply, rules: &[Rule]) -> bool {
    let applies = |rule: &Rule| rule.words.is_empty() || says_any(reply, rule.words);
    rules.iter().any(|rule| has_code(reply, rule.codes) && applies(rule))
}

fn has_code(reply: &Reply, codes: &[u16]) -> bool {
    codes.contains(&reply.code().get())
}

/// Returns whether the text contains the words of POSIX for a missing file after a name. The name may contain any words,
/// such as `access.log`.
fn says_absent_file(reply: &Reply) -> bool {
    says_any(reply, &[": no such file or directory"])
}

/// Returns whether the text contains one of these words, in lower case here and in any case there.
fn says_any(reply: &Reply, words: &[&str]) -> bool {
    let text = reply.text().to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}

/// Returns whether the text contains one of these phrases, and no letter or digit adjoins it: `in use` is not in `in
/// user files`, and `locked` not in `blocked`.
fn says_phrase(reply: &Reply, phrases: &[&str]) -> bool {
    let text = reply.text().to_ascii_lowercase();
    let is_bounded = |(start, phrase): (usize, &str)| {
        let after = text.get(start + phrase.len()..).and_then(|rest| rest.chars().next());
        let before = text.get(..start).and_then(|rest| rest.chars().next_back());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    };
    phrases.iter().any(|phrase| text.match_indices(phrase).any(is_bounded))
}

/// Codes of a path that cannot be used, now (450) or ever (550). Many servers do not distinguish them.
const UNAVAILABLE: &[u16] = &[450, 550];

/// Codes of a name that is not accepted.
const BAD_NAMES: &[u16] = &[504, 550, 551, 552, 553];

/// Words about paths that have to begin at the root.
const ABSOLUTE: &[&str] =
    &["absolute", "relative", "full path", "fully qualified", "start with /", "begin with /"];

const PERMISSION: &[&str] =
    &["permission", "denied", "not permitted", "not allowed", "forbidden", "access", "privilege"];

const ABSENCE: &[&str] = &["no such", "not found", "not exist", "n't exist", "cannot find the"];

/// Words of IIS, FileZilla Server, Serv-U, pyftpdlib on Windows, z/OS and POSIX.
const BUSY: &[&str] = &[
    "being used by another",
    "used by another process",
    "in use",
    "file busy",
    "resource busy",
    "sharing violation",
    "locked",
    "held by",
    "allocated to another job",
];

const WRONG_KIND: &[&str] =
    &["is a directory", "not a regular file", "not a plain file", "only retrieve regular files"];

const UNSUPPORTED: &[&str] =
    &["not supported", "unsupported", "not implemented", "not understood", "unknown command"];

/// A directory that is not empty and a file that exists are refused with 550, too.
const PRESENCE: &[&str] = &["already exist", "file exists", "directory exists", "not empty"];

const CONFLICT: &[&str] =
    &["not empty", "is a directory", "not a directory", "not a regular file", "not a plain file"];

const BAD_PASSWORD: &[&str] =
    &["fail", "attempt", "password", "incorrect", "invalid", "wrong", "locked", "banned"];

const FAILED_LOGIN: &[&str] = &["password", "login attempt", "login fail", "failed login", "authenticat"];

/// Words of vsftpd, ProFTPD, Pure-FTPd, pyftpdlib, FileZilla Server, IIS, Serv-U and glftpd.
const CONNECTION_LIMIT: &[&str] = &[
    "too many",
    "maximum",
    "max ",
    "limit",
    "simultaneous",
    "already connected",
    "already logged in",
    "already in use",
    "only one user",
    "only one connection",
    "only one session",
    "only 1 user",
    "only 1 connection",
];

/// Words that mean too many sessions, in replies whose codes do not.
const TOO_MANY_SESSIONS: &[&str] = &[
    "too many connection",
    "too many user",
    "too many session",
    "too many client",
    "maximum number",
    "connection limit",
    "server full",
    "server is full",
    "server busy",
    "server is busy",
];

const TLS_WORDS: &[&str] = &["tls", "ssl", "ftps", "encryption", "encrypted", "cleartext"];

const EMPTY: &[&str] = &["no files", "no members", "no data sets", "no datasets", "empty", "nothing to list"];

const TRUNCATED: &[&str] = &["failed to open", "truncated"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Predicate = fn(&Reply) -> bool;

    fn reply(code: u16, text: &str) -> Reply {
        Reply::new(Code::new(code).unwrap(), text.split('\n').map(str::as_bytes))
    }

    fn check(predicate: Predicate, yes: &[(u16, &str)], no: &[(u16, &str)]) {
        for (code, text) in yes {
            assert!(predicate(&reply(*code, text)), "{code} {text}");
        }
        for (code, text) in no {
            assert!(!predicate(&reply(*code, text)), "{code} {text}");
        }
    }

    #[test]
    fn relative_paths_may_be_refused() {
        let yes = [
            (501, "Syntax error"),
            (550, "x: not an absolute path name"),
            (553, "Relative paths are not allowed"),
            (550, "Path must start with /"),
        ];
        check(
            wants_absolute_path,
            &yes,
            &[(550, "x: No such file or directory"), (553, "Permission denied")],
        );
    }

    #[test]
    fn not_found_is_distinguished_from_permission_denied() {
        let missing = [
            (550, "No such file or directory"),
            (550, "path does not exist"),
            (550, "Can't open x: No such file or directory"),
            (550, "The system cannot find the file specified."),
            (450, "x: No such file or directory"),
        ];
        let denied = [
            (550, "Permission denied."),
            (550, "x: Operation not permitted"),
            (550, "Access is denied."),
            (550, "Not enough privileges."),
            (553, "Could not create file."),
            (532, "Need account for storing files."),
            (450, "x: Permission denied"),
        ];
        check(is_not_found, &missing, &denied);
        check(is_permission_denied, &denied, &missing);
        check(is_not_found, &[], &[(530, "No such user"), (501, "not found"), (426, "cut")]);
    }

    #[test]
    fn replacement_refused_is_distinguished_from_other_refusals() {
        let yes = [(553, "a: file already exists"), (550, "File exists."), (450, "a already exists")];
        let no = [
            (553, "Could not create file."),
            (550, "d: directory already exists"),
            (550, "file exists, being used by another process"),
            (530, "user already exists"),
        ];
        check(is_replacement_refused, &yes, &no);
    }

    #[test]
    fn existing_path_is_not_reported_missing() {
        let present = [
            (550, "Directory not empty"),
            (550, "Create directory operation failed: File exists"),
            (550, "d: Directory already exists"),
            (521, "\"/d\" directory exists"),
        ];
        check(is_not_found, &[], &present);
    }

    /// The literal texts of servers, with the answer of `presence`.
    #[test]
    fn not_found_follows_from_server_texts() {
        use Presence::{Missing, Present, Unknown};
        for (code, text, expected) in [
            // vsftpd
            (550, "Remove directory operation failed.", Unknown),
            (550, "Create directory operation failed.", Unknown),
            (550, "Delete operation failed.", Unknown),
            (550, "Rename failed.", Unknown),
            (550, "Permission denied.", Unknown),
            (553, "Could not create file.", Unknown),
            (550, "Failed to open file.", Unknown),
            (550, "Failed to change directory.", Unknown),
            (550, "Could not get file size.", Unknown),
            (550, "Could not get file modification time.", Unknown),
            (550, "Could not set file modification time.", Unknown),
            (550, "RNFR command failed.", Unknown),
            // ProFTPD
            (550, "x: No such file or directory", Missing),
            (450, "x: No such file or directory", Missing),
            (550, "access.log: No such file or directory", Missing),
            (550, "/locked/x: No such file or directory", Missing),
            (550, "x: Permission denied", Unknown),
            (550, "not found.txt: Permission denied", Unknown),
            (550, "d: Directory not empty", Present),
            (550, "d: File exists", Present),
            (550, "d: not a regular file", Present),
            (550, "d: Is a directory", Present),
            (550, "x: Operation not permitted", Unknown),
            // Pure-FTPd
            (550, "Can't open x: No such file or directory", Missing),
            (550, "Can't change directory to x: No such file or directory", Missing),
            (550, "Could not delete x: No such file or directory", Missing),
            (550, "Sorry, but that file doesn't exist", Missing),
            (550, "Can't remove directory: Directory not empty", Present),
            (550, "Can't create directory: File exists", Present),
            (550, "I can only retrieve regular files", Present),
            (550, "Can't check for file existence", Unknown),
            (553, "Can't open that file: Permission denied", Unknown),
            // pyftpdlib
            (550, "No such file or directory.", Missing),
            (550, "No such directory.", Missing),
            (550, "Not enough privileges.", Unknown),
            (550, "Directory not empty.", Present),
            (550, "File exists.", Present),
            (550, "Is a directory.", Present),
            (550, "x is not retrievable.", Unknown),
            // IIS
            (550, "The system cannot find the file specified. ", Missing),
            (550, "The system cannot find the path specified. ", Missing),
            (550, "Access is denied. ", Unknown),
            (550, "The directory is not empty. ", Present),
            (550, "Cannot create a file when that file already exists. ", Present),
            (
                550,
                "The process cannot access the file because it is being used by another process. ",
                Present,
            ),
            (550, "The filename, directory name, or volume label syntax is incorrect. ", Unknown),
            (
                550,
                "The system cannot find the file specified. \n Win32 error:   The system cannot find the file specified. \n \
                 Error details: File system returned an error.\nEnd",
                Missing,
            ),
            // FileZilla Server
            (550, "File not found", Missing),
            (550, "CWD failed. \"/x\": directory not found.", Missing),
            (550, "can't access file.", Unknown),
            (550, "Directory already exists", Present),
            (550, "Couldn't open the file or directory", Unknown),
            (550, "Couldn't open the file", Unknown),
            (450, "Internal error deleting the file.", Unknown),
            // Serv-U
            (550, "/x: No such file or directory.", Missing),
            (550, "/d: Directory not empty.", Present),
            // glFTPd and drftpd
            (550, "x: No such file or directory.", Missing),
            (550, "Access denied", Unknown),
            // z/OS
            (550, "Command RETR fails: ANN.SRC does not exist.", Missing),
            (550, "Data set ANN.SRC not found", Missing),
            (550, "could not delete USER5.PDS(ETCHOST)", Unknown),
            (
                450,
                "Data set USER1.UPDATE.TXT3 is allocated to another job and is unavailable for STOU command",
                Present,
            ),
            // Other codes are about other things.
            (521, "\"/d\" directory exists", Present),
            (530, "No such user", Unknown),
            (501, "not found", Unknown),
            (226, "already exists", Unknown),
        ] {
            let reply = reply(code, text);
            assert_eq!(presence(&reply), expected, "{code} {text}");
            assert_eq!(is_not_found(&reply), expected == Missing, "{code} {text}");
        }
    }

    #[test]
    fn refusal_for_now_is_distinguished_from_lasting_one() {
        let passing = [
            (450, "File is in use."),
            (450, "Requested file action not taken. File unavailable (e.g., file busy)."),
            (450, "Internal error deleting the file."),
            (451, "Requested action aborted: local error in processing."),
        ];
        let lasting = [
            (450, "x: No such file or directory"),
            (450, "x: Permission denied"),
            (450, "d: Directory not empty"),
            (450, "d already exists"),
            (451, "Not implemented"),
            (550, "File is in use."),
            (452, "Insufficient storage space"),
            (421, "Service not available"),
        ];
        check(is_refused_for_now, &passing, &lasting);
    }

    #[test]
    fn busy_file_is_distinguished_from_permission_denied() {
        let busy = [
            // IIS, and Azure App Service
            (550, "The process cannot access the file because it is being used by another process. "),
            (
                550,
                "-The process cannot access the file because it is being used by another process. \n Win32 error:",
            ),
            // pyftpdlib on Windows
            (550, "The process cannot access the file because it is being used by another process."),
            (
                550,
                "[WinError 32] The process cannot access the file because it is being used by another process.",
            ),
            // FileZilla Server, Serv-U and servers on devices
            (450, "File is in use."),
            (550, "can't access file: sharing violation"),
            (550, "Cannot open the file, it is locked by another session"),
            (450, "File unavailable (e.g., file busy)"),
            (450, "Requested file action not taken. File unavailable (e.g., file busy)."),
            (553, "x: Text file busy"),
            (550, "d: Device or resource busy"),
            // z/OS
            (
                450,
                "Data set USER1.UPDATE.TXT3 is allocated to another job and is unavailable for STOU command",
            ),
        ];
        let other = [
            (550, "/locked/x: No such file or directory"),
            (550, "x: Permission denied"),
            (553, "Could not create file."),
            (553, "x: File already exists"),
            (550, "blocked by the administrator"),
            (550, "not in user files"),
            (530, "This user is already in use"),
            (421, "Server busy"),
            (226, "in use"),
        ];
        check(is_file_busy, &busy, &other);
        check(is_upload_blocked, &busy, &[&other[..3], &other[4..]].concat());
        check(is_permission_denied, &[], &busy);
        check(is_not_found, &[], &busy);
    }

    #[test]
    fn existing_file_may_block_a_repeated_upload() {
        check(
            is_upload_blocked,
            &[
                (553, "File already exists"),
                (550, "x already exists."),
                (550, "x: File exists"),
                (550, "Cannot create a file when that file already exists. "),
            ],
            &[
                (550, "Directory already exists"),
                (553, "Permission denied"),
                (521, "already exists"),
                (150, "ok"),
            ],
        );
    }

    #[test]
    fn refusal_without_reason_is_no_not_found() {
        check(
            is_not_found,
            &[(550, "x: No such file or directory"), (550, "File not found"), (550, "x does not exist")],
            &[
                (550, "Remove directory operation failed."),
                (550, "Delete operation failed."),
                (550, "Failed to open file."),
                (550, "Failed to change directory."),
                (550, "Could not get file size."),
                (550, "RNFR command failed."),
                (550, "no"),
                (550, ""),
                (550, "x: Permission denied"),
                (553, "No such file"),
            ],
        );
    }

    #[test]
    fn conflict_is_about_an_existing_path() {
        check(
            is_conflict,
            &[
                (550, "Create directory operation failed: File exists"),
                (550, "Directory not empty"),
                (550, "x: Is a directory"),
                (550, "x: Not a directory"),
                (550, "x: not a regular file"),
                (550, "x: not a plain file."),
            ],
            &[(550, "File does not exist"), (550, "No such file or directory"), (450, "File exists")],
        );
    }

    #[test]
    fn refusal_may_say_that_the_path_exists() {
        check(
            says_exists,
            &[
                (550, "Create directory operation failed: File exists"),
                (521, "\"/x\" directory exists; taking no action"),
            ],
            &[(550, "File does not exist"), (550, "Directory not empty"), (450, "File exists")],
        );
    }

    #[test]
    fn bad_credentials_are_no_connection_limit() {
        let credentials = [
            (430, "Invalid username or password"),
            (421, "Too many bad passwords, goodbye"),
            (530, "Login incorrect."),
            (530, "Login authentication failed"),
            (530, "Too many failed login attempts"),
            (530, "Account locked: the maximum of failures is reached"),
        ];
        let limit = [
            (421, "There are too many connections from your internet address."),
            (421, "Too many connections. Service temporarily unavailable."),
            (421, "Too many connections"),
            (421, "5 users (the maximum) are already logged in, sorry"),
            (530, "Only one user allowed"),
            (530, "Sorry, the maximum number of allowed clients (2) already connected."),
            (530, "the maximum number of allowed clients is connected"),
            (530, "Sorry, your account is restricted to 2 simultaneous logins."),
            (530, "User tester cannot log in, the connection limit is reached."),
        ];
        let neither =
            [(421, "Timeout."), (550, "too many levels"), (530, "Please login with USER and PASS.")];
        check(is_bad_credentials, &credentials, &[limit.as_slice(), &neither[..2]].concat());
        check(is_connection_limit, &limit, &[credentials.as_slice(), &neither[..2]].concat());
        check(is_connection_limit, &[], &neither);
    }

    #[test]
    fn connection_limit_may_have_any_code() {
        check(
            is_connection_limit,
            &[
                (221, "busy"),
                (221, "Too many users, try later"),
                (500, "Too many connections"),
                (500, "Sorry, the maximum number of clients is reached."),
                (500, "server busy"),
            ],
            &[
                (221, "Goodbye."),
                (500, "Unknown command."),
                (500, "line exceeds the limit"),
                (550, "file busy"),
            ],
        );
    }

    #[test]
    fn connection_limit_at_greeting_needs_no_words() {
        check(
            is_connection_limit_at_greeting,
            &[
                (421, "Service not available"),
                (421, ""),
                (221, "busy"),
                (221, ""),
                (500, ""),
                (500, "Sorry"),
                (530, "Sorry, the maximum number of allowed clients (2) already connected."),
                (550, "no"),
            ],
            &[
                (220, "ready"),
                (230, "in"),
                (120, "busy"),
                (200, "too many"),
                (534, "Policy requires TLS"),
                (530, "You are banned"),
                (421, "Too many failed login attempts"),
            ],
        );
    }

    #[test]
    fn tls_requirement_has_many_codes() {
        check(
            requires_tls,
            &[
                (530, "Non-anonymous sessions must use encryption."),
                (550, "SSL/TLS required on the control channel"),
                (421, "Sorry, cleartext sessions and weak ciphers are not accepted on this server."),
                (534, "Policy requires TLS"),
            ],
            &[(530, "Login incorrect."), (234, "AUTH TLS OK"), (550, "titles: not found")],
        );
    }

    #[test]
    fn pret_requirement_of_drftpd_is_recognized() {
        check(
            requires_pret,
            &[(500, "You need to use a client supporting PRET (PRE Transfer) to use PASV")],
            &[(500, "PASV not understood"), (500, "INTERPRET"), (500, "pret")],
        );
    }

    #[test]
    fn unknown_command_is_distinguished_from_bad_path() {
        check(
            is_unknown_command,
            &[(500, "Unknown command."), (502, "MLST not implemented"), (504, "no"), (503, "no")],
            &[(501, "Invalid argument"), (550, "no"), (202, "superfluous")],
        );
        check(
            rejects_mlsd,
            &[
                (500, "'MLSD': command not understood"),
                (501, "bad path"),
                (451, "MLSD failed"),
                (202, "Command not implemented, superfluous at this site."),
                (550, "MLSD not supported"),
                (550, "Command not implemented."),
            ],
            &[
                (550, "no"),
                (425, "no data connection"),
                (530, "log in"),
                (550, "No files: not supported"),
                (226, "done"),
            ],
        );
        check(
            rejects_passive,
            &[(502, "no"), (550, "Passive mode not available"), (553, "no")],
            &[(425, "no ports"), (421, "bye"), (530, "log in"), (522, "TLS required")],
        );
        check(lacks_passive_port, &[(425, "no ports")], &[(421, "bye"), (500, "what?"), (550, "no")]);
        check(
            requires_allocation,
            &[(503, "Bad sequence of commands. ALLO required before STOR."), (550, "send ALLO first")],
            &[(553, "ALLOY.TXT: not allowed"), (503, "USER first"), (425, "ALLO")],
        );
        check(rejects_argument, &[(501, "not a directory"), (550, "x")], &[(500, "what?"), (450, "busy")]);
    }

    #[test]
    fn mlsd_refused_by_550_leaves_list_open() {
        check(
            may_reject_mlsd,
            &[
                (550, "no"),
                (550, "/d: No such file or directory"),
                (550, "Permission denied."),
                (550, "Failed to change directory."),
            ],
            &[
                (550, "MLSD not supported"),
                (550, "No files found"),
                (450, "busy"),
                (553, "no"),
                (500, "what?"),
            ],
        );
    }

    #[test]
    fn empty_listing_may_be_a_refusal() {
        check(
            is_empty_listing,
            &[
                (450, "No files found"),
                (550, "No members found."),
                (550, "No data sets found."),
                (550, "Directory is empty"),
                (450, "Nothing to list"),
            ],
            &[(226, "No files"), (550, "No such file or directory"), (550, "Permission denied")],
        );
    }

    #[test]
    fn truncated_listing_is_reported_with_226() {
        check(
            is_listing_truncated,
            &[
                (226, "Transfer done (but failed to open directory)."),
                (226, "Output truncated to 2000 matches"),
            ],
            &[(226, "Directory send OK."), (226, "Options: -l \n12 matches total")],
        );
    }

    #[test]
    fn full_disk_has_two_codes() {
        check(
            is_out_of_space,
            &[(452, "Insufficient storage"), (552, "Disk full"), (452, "disk full")],
            &[(451, "disk full"), (202, "No storage allocation necessary"), (500, "ALLO not understood")],
        );
    }

    #[test]
    fn permanent_refusal_with_transient_code_is_recognized() {
        check(
            is_permanent,
            &[
                (452, "disk full"),
                (450, "x: No such file or directory"),
                (450, "x: Permission denied"),
                (430, "Invalid username or password"),
            ],
            &[(450, "busy"), (421, "bye"), (500, "OOPS: vsf_sysutil_bind"), (421, "Too many connections")],
        );
        check(is_fatal_oops, &[(500, "OOPS: vsf_sysutil_bind")], &[(500, "what?"), (530, "OOPS")]);
    }

    const PREDICATES: [Predicate; 21] = [
        is_file_busy,
        is_upload_blocked,
        is_connection_limit_at_greeting,
        may_reject_mlsd,
        refuses_second_login,
        is_not_found,
        is_permission_denied,
        is_conflict,
        says_exists,
        is_bad_credentials,
        is_connection_limit,
        requires_tls,
        requires_pret,
        rejects_mlsd,
        is_unknown_command,
        rejects_argument,
        is_empty_listing,
        is_listing_truncated,
        is_out_of_space,
        is_fatal_oops,
        is_permanent,
    ];

    proptest! {
        #[test]
        fn classification_never_panics_nor_contradicts_itself(
            code in 100_u16..600,
            lines in prop::collection::vec(any::<Vec<u8>>(), 0..4),
        ) {
            let reply = Reply::new(Code::new(code).unwrap(), lines.iter().map(Vec::as_slice));
            PREDICATES.iter().for_each(|predicate| {
                predicate(&reply);
            });
            prop_assert!(!(is_not_found(&reply) && is_permission_denied(&reply)));
            prop_assert!(!(is_bad_credentials(&reply) && is_connection_limit(&reply)));
            prop_assert_eq!(presence(&reply) == Presence::Missing, is_not_found(&reply));
            prop_assert!(!is_file_busy(&reply) || is_upload_blocked(&reply));
        }
    }
}
