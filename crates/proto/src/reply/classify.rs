//! Classification of replies: why a server refused, decided by code and text.
//!
//! FTP has few codes for many reasons: `550` is a missing file, a lack of permission, or a directory that is not
//! empty. Only the text tells them apart. Each predicate is a table of codes and words; its tests are the literal
//! texts of servers.
//!
//! ```
//! use oxftp_proto::{Code, Reply, classify};
//!
//! let reply = Reply::new(Code::FILE_UNAVAILABLE, [&b"Permission denied."[..]]);
//! assert!(classify::is_permission_denied(&reply) && !classify::is_not_found(&reply));
//! ```

use super::Reply;

/// Returns whether a path does not exist.
///
/// A bare `550` or `450` counts: most servers mean this by it. See [`is_explicitly_not_found`].
#[must_use]
pub fn is_not_found(reply: &Reply) -> bool {
    has_code(reply, UNAVAILABLE) && !says_any(reply, PERMISSION) && !says_any(reply, PRESENCE)
}

/// Returns whether the text says that a path does not exist. A bare `550` may mean that it cannot be deleted.
#[must_use]
pub fn is_explicitly_not_found(reply: &Reply) -> bool {
    is_not_found(reply) && says_any(reply, ABSENCE)
}

/// Returns whether the server refused for lack of permission.
#[must_use]
pub fn is_permission_denied(reply: &Reply) -> bool {
    matches(reply, &[Rule { codes: &[532, 553], words: &[] }, Rule { codes: UNAVAILABLE, words: PERMISSION }])
}

/// Returns whether a `550` is about something that exists, such as a directory that is not empty.
#[must_use]
pub fn is_conflict(reply: &Reply) -> bool {
    let exists = says_any(reply, &["exists"]) && !says_any(reply, &["not exist"]);
    has_code(reply, &[550]) && (exists || says_any(reply, CONFLICT))
}

/// Returns whether a login was refused because of its user name or password, whatever the code. Repeating it may
/// lock the account.
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
    matches(reply, &[Rule { codes: &[421, 530], words: CONNECTION_LIMIT }]) && !is_bad_credentials(reply)
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
#[must_use]
pub fn rejects_mlsd(reply: &Reply) -> bool {
    reply.code().is_unsupported() || has_code(reply, &[451])
}

/// Returns whether the server does not know a command. `501` is left out: it may be about one path.
#[must_use]
pub fn is_unknown_command(reply: &Reply) -> bool {
    reply.code().is_unsupported() && !has_code(reply, &[501])
}

/// Returns whether the server refused the argument of a command: a path that it takes for a wrong one, or for one of
/// the wrong kind.
#[must_use]
pub fn rejects_argument(reply: &Reply) -> bool {
    has_code(reply, &[501, 550])
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

/// Returns whether the text contains one of these words, in lower case here and in any case there.
fn says_any(reply: &Reply, words: &[&str]) -> bool {
    let text = reply.text().to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}

/// Codes of a path that cannot be used, now (450) or ever (550). Many servers do not distinguish them.
const UNAVAILABLE: &[u16] = &[450, 550];

const PERMISSION: &[&str] =
    &["permission", "denied", "not permitted", "not allowed", "forbidden", "access", "privilege"];

const ABSENCE: &[&str] = &["no such", "not found", "not exist"];

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
];

const TLS_WORDS: &[&str] = &["tls", "ssl", "ftps", "encryption", "encrypted", "cleartext"];

const EMPTY: &[&str] = &["no files", "no members", "no data sets", "no datasets", "empty", "nothing to list"];

const TRUNCATED: &[&str] = &["failed to open", "truncated"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Code;

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
    fn not_found_is_told_from_permission_denied() {
        let missing = [
            (550, "No such file or directory"),
            (550, "Failed to open file."),
            (550, "path does not exist"),
            (550, "Can't open x: No such file or directory"),
            (550, "The system cannot find the file specified."),
            (550, "Could not get file size."),
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
    fn existing_path_is_not_reported_missing() {
        let present = [
            (550, "Directory not empty"),
            (550, "Create directory operation failed: File exists"),
            (550, "d: Directory already exists"),
            (521, "\"/d\" directory exists"),
        ];
        check(is_not_found, &[], &present);
        check(is_explicitly_not_found, &[], &present);
    }

    #[test]
    fn only_words_make_not_found_explicit() {
        check(
            is_explicitly_not_found,
            &[(550, "x: No such file or directory"), (550, "File not found"), (550, "x does not exist")],
            &[(550, "Delete operation failed."), (550, "x: Permission denied"), (553, "No such file")],
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
    fn unknown_command_is_told_from_bad_path() {
        check(
            is_unknown_command,
            &[(500, "Unknown command."), (502, "MLST not implemented"), (504, "no"), (503, "no")],
            &[(501, "Invalid argument"), (550, "no"), (202, "superfluous")],
        );
        check(
            rejects_mlsd,
            &[(500, "'MLSD': command not understood"), (501, "bad path"), (451, "MLSD failed")],
            &[(550, "no"), (425, "no data connection"), (530, "log in")],
        );
        check(rejects_argument, &[(501, "not a directory"), (550, "x")], &[(500, "what?"), (450, "busy")]);
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

    const PREDICATES: [Predicate; 16] = [
        is_not_found,
        is_explicitly_not_found,
        is_permission_denied,
        is_conflict,
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
            prop_assert!(is_not_found(&reply) || !is_explicitly_not_found(&reply));
        }
    }
}
