//! One unusual reply or listing each, as several servers send it.

use super::{Profile, classic, lines, modern};
use crate::memory::{ListedPath, ListedTree, PathArgument, ServerBehaviour};

pub(super) const PROFILES: &[Profile] = &[
    Profile { name: "absolute_paths_only", behaviour: absolute_paths_only },
    Profile { name: "account_required", behaviour: account_required },
    Profile { name: "date_is_a_dash", behaviour: date_is_a_dash },
    Profile { name: "mlsd_shows_nothing", behaviour: mlsd_shows_nothing },
    Profile { name: "overwriting_denied", behaviour: overwriting_denied },
    Profile { name: "paths_with_final_slash", behaviour: paths_with_final_slash },
    Profile { name: "active_type_ascii_only", behaviour: active_type_ascii_only },
    Profile { name: "changes_refused_when_done", behaviour: changes_refused_when_done },
    Profile { name: "directories_with_final_slash", behaviour: directories_with_final_slash },
    Profile { name: "empty_directory_said_missing", behaviour: empty_directory_said_missing },
    Profile { name: "names_in_colors", behaviour: names_in_colors },
    Profile { name: "port_for_next_command", behaviour: port_for_next_command },
    Profile { name: "agrees_to_all", behaviour: agrees_to_all },
    Profile { name: "aliases_of_success", behaviour: aliases_of_success },
    Profile { name: "changes_to_anything", behaviour: changes_to_anything },
    Profile { name: "clock_in_year_19100", behaviour: clock_in_year_19100 },
    Profile { name: "data_closed_after_error", behaviour: data_closed_after_error },
    Profile { name: "directory_exists_521", behaviour: directory_exists_521 },
    Profile { name: "directory_reply_empty", behaviour: directory_reply_empty },
    Profile { name: "directory_reply_refused", behaviour: directory_reply_refused },
    Profile { name: "directory_reply_with_250", behaviour: directory_reply_with_250 },
    Profile { name: "empty_directory_without_data", behaviour: empty_directory_without_data },
    Profile { name: "epsv_other_delimiters", behaviour: epsv_other_delimiters },
    Profile { name: "ends_after_listing", behaviour: ends_after_listing },
    Profile { name: "ends_after_listing_with_421", behaviour: ends_after_listing_with_421 },
    Profile { name: "directory_reply_above_root", behaviour: directory_reply_above_root },
    Profile { name: "directory_reply_with_backslashes", behaviour: directory_reply_with_backslashes },
    Profile { name: "greeting_after_notices", behaviour: greeting_after_notices },
    Profile { name: "lines_end_with_return", behaviour: lines_end_with_return },
    Profile { name: "login_with_notice", behaviour: login_with_notice },
    Profile { name: "mlst_of_files_only", behaviour: mlst_of_files_only },
    Profile { name: "names_with_slash", behaviour: names_with_slash },
    Profile { name: "passive_is_550", behaviour: passive_is_550 },
    Profile { name: "unknown_is_553", behaviour: unknown_is_553 },
    Profile { name: "facts_in_odd_case", behaviour: facts_in_odd_case },
    Profile { name: "facts_missing", behaviour: facts_missing },
    Profile { name: "facts_without_last_semicolon", behaviour: facts_without_last_semicolon },
    Profile { name: "feat_in_one_line", behaviour: feat_in_one_line },
    Profile { name: "feat_with_codes", behaviour: feat_with_codes },
    Profile { name: "hangs_up_after_refusal", behaviour: hangs_up_after_refusal },
    Profile { name: "hangs_up_at_unknown", behaviour: hangs_up_at_unknown },
    Profile { name: "login_232", behaviour: login_232 },
    Profile { name: "mdtm_with_fraction", behaviour: mdtm_with_fraction },
    Profile { name: "month_only", behaviour: month_only },
    Profile { name: "names_with_dot_slash", behaviour: names_with_dot_slash },
    Profile { name: "no_preliminary_reply", behaviour: no_preliminary_reply },
    Profile { name: "passive_as_extended", behaviour: passive_as_extended },
    Profile { name: "passive_with_spaces", behaviour: passive_with_spaces },
    Profile { name: "passive_with_text", behaviour: passive_with_text },
    Profile { name: "preliminary_reply_at_end", behaviour: preliminary_reply_at_end },
    Profile { name: "replies_end_with_nul", behaviour: replies_end_with_nul },
    Profile { name: "replies_again", behaviour: replies_again },
    Profile { name: "replies_twice", behaviour: replies_twice },
    Profile { name: "replies_without_blank", behaviour: replies_without_blank },
    Profile { name: "replies_with_telnet", behaviour: replies_with_telnet },
    Profile { name: "size_in_words", behaviour: size_in_words },
    Profile { name: "sizes_listed_as_zero", behaviour: sizes_listed_as_zero },
    Profile { name: "transfer_ends_with_225", behaviour: transfer_ends_with_225 },
    Profile { name: "type_image_refused", behaviour: type_image_refused },
    Profile { name: "type_unknown", behaviour: type_unknown },
    Profile { name: "unknown_is_400", behaviour: unknown_is_400 },
    Profile { name: "unknown_is_451", behaviour: unknown_is_451 },
    Profile { name: "unknown_is_530", behaviour: unknown_is_530 },
    Profile { name: "allocation_required", behaviour: allocation_required },
    Profile { name: "list_option_ends_session", behaviour: list_option_ends_session },
    Profile { name: "listing_lines_end_with_return", behaviour: listing_lines_end_with_return },
    Profile { name: "listing_with_columns", behaviour: listing_with_columns },
    Profile { name: "passive_is_425", behaviour: passive_is_425 },
    Profile { name: "passive_port_opens_late", behaviour: passive_port_opens_late },
    Profile { name: "passive_with_200", behaviour: passive_with_200 },
    Profile { name: "year_only", behaviour: year_only },
    Profile { name: "clock_at_new_year", behaviour: clock_at_new_year },
    Profile { name: "clock_of_esp8266", behaviour: clock_of_esp8266 },
    Profile { name: "facts_of_permissions_only", behaviour: facts_of_permissions_only },
    Profile { name: "facts_with_two_blanks", behaviour: facts_with_two_blanks },
    Profile { name: "listings_reset", behaviour: listings_reset },
    Profile { name: "names_padded", behaviour: names_padded },
    Profile { name: "passive_ends_session", behaviour: passive_ends_session },
    Profile { name: "passive_port_opens_at_transfer", behaviour: passive_port_opens_at_transfer },
    Profile { name: "passive_with_host_name", behaviour: passive_with_host_name },
    Profile { name: "directories_not_entered", behaviour: directories_not_entered },
    Profile { name: "listing_in_sections", behaviour: listing_in_sections },
    Profile { name: "listing_of_tree", behaviour: listing_of_tree },
    Profile { name: "list_option_lists_root", behaviour: list_option_lists_root },
    Profile { name: "list_shows_names", behaviour: list_shows_names },
    Profile { name: "names_in_quotes", behaviour: names_in_quotes },
    Profile { name: "names_marked", behaviour: names_marked },
    Profile { name: "passive_without_address", behaviour: passive_without_address },
    Profile { name: "removals_from_root_only", behaviour: removals_from_root_only },
    Profile { name: "sizes_in_blocks", behaviour: sizes_in_blocks },
    Profile { name: "times_set_in_local_time", behaviour: times_set_in_local_time },
    Profile { name: "transfers_from_root_only", behaviour: transfers_from_root_only },
];

/// Paths begin at the root.
fn absolute_paths_only() -> ServerBehaviour {
    ServerBehaviour {
        reads_path: Some(|PathArgument { directory, argument, .. }| match argument {
            "." => Some(directory.to_owned()),
            ".." => Some(directory.rsplit_once('/').map_or("", |(above, _)| above).to_owned()),
            _ => Some(argument.strip_prefix('/')?.trim_end_matches('/').to_owned()),
        }),
        missing: "550 @: not an absolute path name",
        ..classic()
    }
}

/// `202` for commands that it does not know.
fn agrees_to_all() -> ServerBehaviour {
    ServerBehaviour { unknown: "202 OK", ..classic() }
}

/// Listings in `TYPE A` only, and no passive mode.
fn active_type_ascii_only() -> ServerBehaviour {
    ServerBehaviour {
        lists_in_ascii_only: true,
        replies: &[("EPSV", "502 Not implemented"), ("PASV", "502 Not implemented")],
        ..classic()
    }
}

/// `200` or `226` in place of more exact codes.
fn aliases_of_success() -> ServerBehaviour {
    ServerBehaviour {
        confirmations: &[
            ("CWD", "200 ok"),
            ("CDUP", "200 ok"),
            ("DELE", "200 ok"),
            ("MKD", "226 ok"),
            ("RMD", "200 ok"),
            ("RNFR", "200 ok"),
            ("RNTO", "200 ok"),
            ("TYPE", "250 ok"),
            ("USER", "331 more"),
        ],
        opens: "150-first\n150 here",
        closes: "200 ok",
        ..classic()
    }
}

/// `CWD` succeeds for files and for missing names.
fn changes_to_anything() -> ServerBehaviour {
    ServerBehaviour { enters_anything: true, ..classic() }
}

/// `MDTM` with the year 19100 + 23.
fn clock_in_year_19100() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[("MDTM", "213 191231114221320")],
        ..ServerBehaviour { refused: vec!["MLSD", "MLST", "MFMT"], ..modern() }
    }
    .listing(lines::ls)
}

/// `426` after all data of a listing, as when the client closes first.
fn data_closed_after_error() -> ServerBehaviour {
    ServerBehaviour {
        opens: "125 opening",
        closes: "250 Requested file action okay, completed.",
        closes_early: true,
        ..classic()
    }
}

/// `521` for a directory that exists.
fn directory_exists_521() -> ServerBehaviour {
    ServerBehaviour { existing: "521 \"@\" directory exists", ..classic() }
}

/// No path in the reply to `PWD`.
fn directory_reply_empty() -> ServerBehaviour {
    ServerBehaviour { shows_directory: |_| "\"\" is current directory".to_owned(), ..classic() }
}

/// `PWD` is unknown.
fn directory_reply_refused() -> ServerBehaviour {
    ServerBehaviour { replies: &[("PWD", "502 Command not implemented.")], ..classic() }
}

/// `250` for `257`, with other words.
fn directory_reply_with_250() -> ServerBehaviour {
    ServerBehaviour {
        shows_directory: |directory| format!("Current directory: /{directory}"),
        confirmations: &[("PWD", "250 #"), ("MKD", "250 created")],
        ..classic()
    }
}

/// `226` and no data connection for an empty directory.
fn empty_directory_without_data() -> ServerBehaviour {
    ServerBehaviour { empty_listing: Some("226 Directory empty"), ..classic() }
}

fn epsv_other_delimiters() -> ServerBehaviour {
    ServerBehaviour { extended_passive: |port| format!("229 Entering EPSV mode (###{port}#)."), ..modern() }
}

/// Each listing ends the session.
fn ends_after_listing() -> ServerBehaviour {
    ServerBehaviour { ends_after_listing: Some(""), ..classic() }
}

/// `421` after each listing.
fn ends_after_listing_with_421() -> ServerBehaviour {
    ServerBehaviour { ends_after_listing: Some("421 Timeout, closing control connection."), ..classic() }
}

/// `CWD` refuses what `PWD` shows: a path above the root of the login.
fn directory_reply_above_root() -> ServerBehaviour {
    ServerBehaviour { shows_directory: |directory| format!("\"/export/home/ann/{directory}\""), ..classic() }
}

/// `PWD` shows backslashes, and paths have slashes only.
fn directory_reply_with_backslashes() -> ServerBehaviour {
    ServerBehaviour {
        shows_directory: |directory| format!("\"\\{}\"", directory.replace('/', "\\")),
        ..classic()
    }
}

/// The greeting follows notices without a code, and begins with a blank.
fn greeting_after_notices() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Welcome to NODE7\n*** Authorized use only ***\n 220 FTP server ready",
        ..classic()
    }
}

/// The system prints a notice into the control connection at each login.
fn login_with_notice() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[("PASS", "Last login: Mon Jan  5 from 192.0.2.7\n230 User logged in")],
        ..classic()
    }
}

/// Lines of replies end in CR alone.
fn lines_end_with_return() -> ServerBehaviour {
    ServerBehaviour { line_end: "\r", ..classic() }
}

/// `MLST` describes files only.
fn mlst_of_files_only() -> ServerBehaviour {
    ServerBehaviour { replies: &[("MLST", "550 @: not a plain file")], ..modern() }
}

/// `LIST` is unknown, and `NLST` marks directories.
fn names_with_slash() -> ServerBehaviour {
    ServerBehaviour {
        refused: vec!["LIST", "MLSD", "MLST", "MFMT", "FEAT"],
        marks_directories: true,
        ..modern()
    }
}

/// Passive mode is refused as a missing file is.
fn passive_is_550() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[("EPSV", "502 Command not implemented."), ("PASV", "550 Passive mode not available.")],
        ..classic()
    }
}

/// Unknown commands are refused with `553`.
fn unknown_is_553() -> ServerBehaviour {
    ServerBehaviour { unknown: "553 not allowed", ..classic() }
}

/// `MLSD` shows names only.
fn facts_missing() -> ServerBehaviour {
    ServerBehaviour { refused: vec!["MLST", "MFMT"], ..modern() }
        .facts(|name, _| format!(" {name}"))
        .listing(lines::ls)
}

/// Names of facts in capitals, with blanks, and without sizes of directories.
fn facts_in_odd_case() -> ServerBehaviour {
    ServerBehaviour { ..modern() }.facts(|name, item| {
        let time = item.time().time_val();
        match item.is_directory() {
            true => format!("TYPE=DIR;MODIFY={time};PERM=cdelmp; {name}"),
            false => format!("SIZE={};TYPE=FILE;MODIFY={time};PERM=rwadf; {name}", item.size()),
        }
    })
}

fn facts_without_last_semicolon() -> ServerBehaviour {
    ServerBehaviour { ..modern() }.facts(|name, item| {
        let kind = if item.is_directory() { "dir" } else { "file" };
        format!("Modify={};Type={kind};Size={} {name}", item.time().time_val(), item.size())
    })
}

/// `211` without a list.
fn feat_in_one_line() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[("FEAT", "211 SIZE MDTM REST STREAM")],
        refused: vec!["MLSD", "MLST"],
        ..modern()
    }
    .listing(lines::ls)
}

/// The code precedes each line of `FEAT`, and another one follows at its end.
fn feat_with_codes() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[("FEAT", "211-Features:\n211-SIZE\n211-MDTM\n211-REST STREAM\n211-UTF8\n211 End")],
        refused: vec!["MLSD", "MLST", "MFMT"],
        ..modern()
    }
    .listing(lines::ls)
}

/// Commands that it does not know are refused, and end the session.
fn hangs_up_after_refusal() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[
            ("FEAT", "500 Unknown command!"),
            ("SYST", "500 Unknown command!"),
            ("EPSV", "500 Unknown command!"),
            ("MLSD", "500 Unknown command!"),
            ("MLST", "500 Unknown command!"),
            ("OPTS", "500 Unknown command!"),
            ("MFMT", "500 Unknown command!"),
            ("CLNT", "500 Unknown command!"),
        ],
        ..classic()
    }
}

/// Commands that it does not know end the session.
fn hangs_up_at_unknown() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[
            ("FEAT", "!"),
            ("SYST", "!"),
            ("EPSV", "!"),
            ("MLSD", "!"),
            ("MLST", "!"),
            ("OPTS", "!"),
            ("MFMT", "!"),
            ("CLNT", "!"),
        ],
        ..classic()
    }
}

/// `232` for `230`, and `202` for `PASS`.
fn login_232() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[
            ("USER", "232 User logged in, authorized by security data exchange"),
            ("PASS", "202 superfluous"),
        ],
        ..classic()
    }
}

fn mdtm_with_fraction() -> ServerBehaviour {
    ServerBehaviour {
        refused: vec!["MLSD", "MLST", "MFMT"],
        confirmations: &[("MDTM", "213 #.123")],
        ..modern()
    }
    .listing(lines::ls)
}

/// `Jan 2020`.
fn month_only() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| {
        let mode = if item.is_directory() { "drwxr-xr-x" } else { "-rw-r--r--" };
        let time = item.time();
        format!("{mode} 1 ftp ftp {:>12} {}  {} {name}", item.size(), time.month_name(), time.year)
    })
}

/// `./` before each name.
fn names_with_dot_slash() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| lines::ls(&format!("./{name}"), item))
}

/// A transfer begins without a reply.
fn no_preliminary_reply() -> ServerBehaviour {
    ServerBehaviour { opens: "", ..classic() }
}

/// `PASV` is answered like `EPSV`, which is unknown.
fn passive_as_extended() -> ServerBehaviour {
    ServerBehaviour {
        passive: |port| format!("229 Entering Extended Passive Mode (|||{port}|)"),
        ..classic()
    }
}

fn passive_with_spaces() -> ServerBehaviour {
    ServerBehaviour {
        passive: |port| format!("227 Entering Passive Mode ( 127, 0, 0, 1, {}, {} ).", port >> 8, port & 255),
        ..classic()
    }
}

/// Other brackets before the address.
fn passive_with_text() -> ServerBehaviour {
    ServerBehaviour {
        passive: |port| {
            format!("227 Passive mode (server 2, id 77) on [127,0,0,1,{},{}]", port >> 8, port & 255)
        },
        ..classic()
    }
}

/// `150` follows the data.
fn preliminary_reply_at_end() -> ServerBehaviour {
    ServerBehaviour { opens: "", closes: "150 Opening data connection\n226 done", ..classic() }
}

fn replies_end_with_nul() -> ServerBehaviour {
    ServerBehaviour { line_end: "\0\r\n", ..classic() }
}

/// A second final reply with another text follows each transfer and each change of the directory.
fn replies_again() -> ServerBehaviour {
    ServerBehaviour {
        closes: "226 File sent.\n226 Closing data connection.",
        confirmations: &[("CWD", "200 Working directory changed.\n250 CWD command successful.")],
        ..classic()
    }
}

/// No blank follows the code of a reply.
fn replies_without_blank() -> ServerBehaviour {
    ServerBehaviour { opens: "125Data connection open", closes: "226:Done", ..classic() }
}

/// Each final reply is sent twice.
fn replies_twice() -> ServerBehaviour {
    ServerBehaviour { repeats_replies: true, ..classic() }
}

/// A Telnet command (`IAC NOP`) precedes each line.
fn replies_with_telnet() -> ServerBehaviour {
    ServerBehaviour { line_start: b"\xff\xf1", ..classic() }
}

/// Unknown commands are refused by codes that say something else.
fn unknown_is_400() -> ServerBehaviour {
    ServerBehaviour { unknown: "400 Bad command", ..classic() }
}

fn unknown_is_451() -> ServerBehaviour {
    ServerBehaviour { unknown: "451 Local error", ..classic() }
}

fn unknown_is_530() -> ServerBehaviour {
    ServerBehaviour { unknown: "530 Not allowed", ..classic() }
}

fn size_in_words() -> ServerBehaviour {
    ServerBehaviour {
        confirmations: &[("SIZE", "213 The size is # bytes")],
        refused: vec!["MLSD", "MLST", "MFMT"],
        ..modern()
    }
    .listing(lines::ls)
}

/// All sizes are 0.
fn sizes_listed_as_zero() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| {
        let mode = if item.is_directory() { "drwxr-xr-x" } else { "-rw-r--r--" };
        format!("{mode} 1 ftp ftp 0 {} {name}", lines::ls_date(item, 0))
    })
}

fn transfer_ends_with_225() -> ServerBehaviour {
    ServerBehaviour { closes: "225 Data connection open; no transfer in progress", ..classic() }
}

/// `TYPE I` and `TYPE A` are refused as parameters.
fn type_image_refused() -> ServerBehaviour {
    ServerBehaviour { replies: &[("TYPE", "504 Command not implemented for that parameter.")], ..classic() }
}

fn type_unknown() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[("TYPE", "502 Command not implemented.")],
        listed_paths: &[("LIST", ListedPath::Read)],
        ..classic()
    }
}

/// `2020`.
fn year_only() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| {
        let mode = if item.is_directory() { "drwxr-xr-x" } else { "-rw-r--r--" };
        format!("{mode} 1 ftp ftp {:>12} {} {name}", item.size(), item.time().year)
    })
}

/// `STOR` is refused without `ALLO`.
fn allocation_required() -> ServerBehaviour {
    ServerBehaviour { requires_allocation: true, ..classic() }
}

/// The session ends at an option of `LIST`.
fn list_option_ends_session() -> ServerBehaviour {
    ServerBehaviour { ends_at_list_options: true, ..classic() }
}

/// Lines of listings end in CR alone.
fn listing_lines_end_with_return() -> ServerBehaviour {
    ServerBehaviour { list_line_end: "\r", ..classic() }
}

/// Names of columns before the files, and their number after them.
fn listing_with_columns() -> ServerBehaviour {
    let head =
        "Permissions  Owner  Group  Size  Date  Name\r\n-----------  -----  -----  ----  ----  ----\r\n";
    ServerBehaviour { list_frame: (head, "\r\n     4 File(s)\r\n"), ..classic() }
}

/// Passive mode is refused as if no port were free.
fn passive_is_425() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[("EPSV", "500 command not understood."), ("PASV", "425 Can't open passive connection.")],
        ..classic()
    }
}

/// The port of `PASV` is open a moment after the reply.
fn passive_port_opens_late() -> ServerBehaviour {
    ServerBehaviour { listens_late: true, ..classic() }
}

/// `200` for `227`.
fn passive_with_200() -> ServerBehaviour {
    ServerBehaviour {
        passive: |port| format!("200 Entering Passive Mode (127,0,0,1,{},{})", port >> 8, port & 255),
        ..classic()
    }
}

/// `MLSD` and `MLST` show permissions and no other fact.
fn facts_of_permissions_only() -> ServerBehaviour {
    ServerBehaviour { ..modern() }.facts(|name, item| {
        let permissions = if item.is_directory() { "flcdmpe" } else { "adfrw" };
        format!("perm={permissions}; {name}")
    })
}

/// Two blanks after the facts.
fn facts_with_two_blanks() -> ServerBehaviour {
    ServerBehaviour { ..modern() }.facts(|name, item| {
        let kind = if item.is_directory() { "dir" } else { "file" };
        format!("type={kind};size={};modify={};  {name}", item.size(), item.time().time_val())
    })
}

/// The data connection of a listing is reset after all data.
fn listings_reset() -> ServerBehaviour {
    ServerBehaviour { resets_listings: true, ..classic() }
}

/// The column of names has a fixed width.
fn names_padded() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| lines::ls(&format!("{name:<24}"), item))
}

/// `PASV` ends the session.
fn passive_ends_session() -> ServerBehaviour {
    ServerBehaviour { replies: &[("PASV", "421 Service not available.!")], ..classic() }
}

/// The port of `PASV` is open after the transfer command only.
fn passive_port_opens_at_transfer() -> ServerBehaviour {
    ServerBehaviour { listens_at_transfer: true, ..classic() }
}

/// A host name in place of the address.
fn passive_with_host_name() -> ServerBehaviour {
    ServerBehaviour {
        passive: |port| format!("227 Entering Passive Mode (ftp.example.org,{},{})", port >> 8, port & 255),
        ..classic()
    }
}

/// Each file has the time `Jan 01 00:00`.
fn clock_at_new_year() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| {
        let mode = if item.is_directory() { "drwxrwxrwx" } else { "-rwxrwxrwx" };
        format!("{mode} 1 user group {} Jan 01 00:00 {name}", item.size())
    })
}

/// Each file has the same time of the first day of 2000.
fn clock_of_esp8266() -> ServerBehaviour {
    let behaviour = modern();
    ServerBehaviour { refused: vec!["MLST", "MDTM", "MFMT"], ..behaviour }.facts(|name, item| {
        let kind = if item.is_directory() { "dir" } else { "file" };
        format!("Type={kind};Size={};Modify=20000101160656; {name}", item.size())
    })
}

/// Directories are made and removed, and files renamed, but the reply is a refusal (Android's storage framework, Wii U).
fn changes_refused_when_done() -> ServerBehaviour {
    ServerBehaviour {
        confirmations: &[("MKD", "550 Failed."), ("RMD", "550 Failed."), ("RNTO", "553 Can't rename file.")],
        ..classic()
    }
}

/// Paths of directories need a slash at their end.
/// `ACCT` has to follow the password.
fn account_required() -> ServerBehaviour {
    ServerBehaviour { replies: &[("PASS", "332 Need account for login."), ("ACCT", "230 in")], ..classic() }
}

fn date_is_a_dash() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| {
        let mode = if item.is_directory() { "drwxr-xr-x" } else { "-rw-r--r--" };
        format!("{mode} 1 ftp ftp {} - {name}", item.size())
    })
}

fn mlsd_shows_nothing() -> ServerBehaviour {
    ServerBehaviour { mlsd_shows_nothing: true, ..modern() }
}

fn overwriting_denied() -> ServerBehaviour {
    ServerBehaviour { upload_replaces: false, existing_file: "550 Permission denied.", ..classic() }
}

/// Each command that takes a directory demands a slash at the end of its path.
fn paths_with_final_slash() -> ServerBehaviour {
    fn reads_path(path: PathArgument<'_>) -> Option<String> {
        let is_of_directory = matches!(path.verb, "CWD" | "LIST" | "NLST" | "MKD" | "RMD");
        let is_complete = path.argument.ends_with('/') || matches!(path.argument, "." | "..");
        (is_complete || !is_of_directory).then(|| match path.argument.strip_prefix('/') {
            Some(from_root) => from_root.trim_end_matches('/').to_owned(),
            None => format!("{}/{}", path.directory, path.argument.trim_end_matches('/')),
        })
    }
    ServerBehaviour { reads_path: Some(reads_path), missing: "550 @: invalid name", ..classic() }
}

fn directories_with_final_slash() -> ServerBehaviour {
    fn reads_path(path: PathArgument<'_>) -> Option<String> {
        let is_of_directory = matches!(path.verb, "CWD" | "LIST" | "NLST");
        let is_complete = path.argument.ends_with('/') || matches!(path.argument, "." | "..");
        (is_complete || !is_of_directory).then(|| match path.argument.strip_prefix('/') {
            Some(from_root) => from_root.trim_end_matches('/').to_owned(),
            None => format!("{}/{}", path.directory, path.argument.trim_end_matches('/')),
        })
    }
    ServerBehaviour { reads_path: Some(reads_path), missing: "550 @: not a directory", ..classic() }
}

/// An empty directory cannot be listed: the system finds nothing in it (Wii U).
fn empty_directory_said_missing() -> ServerBehaviour {
    ServerBehaviour { empty_listing: Some("550 No such file or directory"), ..classic() }
}

/// `ls --color`.
fn names_in_colors() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| {
        let color = if item.is_directory() { "\u{1b}[01;34m" } else { "" };
        lines::ls(&format!("\u{1b}[0m{color}{name}\u{1b}[0m"), item)
    })
}

/// The port of `PASV` is closed at any command but the one that transfers.
fn port_for_next_command() -> ServerBehaviour {
    let refused = vec!["MLSD", "MLST", "MFMT", "FEAT", "SITE"];
    ServerBehaviour { port_for_next_command: true, refused, ..classic() }
}

/// `CWD` is unknown.
fn directories_not_entered() -> ServerBehaviour {
    let refused = vec!["MLSD", "MLST", "MDTM", "MFMT", "FEAT", "SITE", "CWD", "CDUP"];
    ServerBehaviour { refused, ..classic() }
}

/// `LIST` shows the tree below the directory, as `ls -R` does.
fn listing_in_sections() -> ServerBehaviour {
    ServerBehaviour { listed_tree: ListedTree::Sections, ..classic() }
}

/// `LIST` shows all paths below the directory.
fn listing_of_tree() -> ServerBehaviour {
    ServerBehaviour { listed_tree: ListedTree::Paths, ..classic() }
}

/// `LIST -a` lists the root.
fn list_option_lists_root() -> ServerBehaviour {
    ServerBehaviour { list_options_name_root: true, ..classic() }
}

/// `LIST` shows names only, as `NLST` does.
fn list_shows_names() -> ServerBehaviour {
    ServerBehaviour { refused: vec!["MLSD", "MLST", "MFMT", "FEAT"], ..modern() }
        .listing(|name, _| name.to_owned())
}

fn names_in_quotes() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| lines::ls(&format!("\"{name}\""), item))
}

/// `ls -F`
fn names_marked() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(lines::marked)
}

fn passive_without_address() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[("EPSV", "502 Not implemented"), ("PASV", "227 Entering Passive Mode")],
        ..classic()
    }
}

/// `DELE` and `RMD` take paths from the root only.
fn removals_from_root_only() -> ServerBehaviour {
    fn reads_path(path: PathArgument<'_>) -> Option<String> {
        from_root_only(path, &["DELE", "RMD"])
    }
    ServerBehaviour { reads_path: Some(reads_path), home: "home/ann", ..classic() }
}

/// `LIST` shows blocks of 512 bytes.
fn sizes_in_blocks() -> ServerBehaviour {
    let refused = vec!["MLSD", "MLST", "MFMT", "FEAT", "SITE"];
    ServerBehaviour { refused, ..classic() }.listing(lines::in_blocks)
}

/// `MFMT` takes the time of a zone that is two hours ahead of UTC.
fn times_set_in_local_time() -> ServerBehaviour {
    ServerBehaviour { sets_time_ahead: 7200, ..modern() }
}

/// `RETR` and `STOR` take paths from the root only.
fn transfers_from_root_only() -> ServerBehaviour {
    fn reads_path(path: PathArgument<'_>) -> Option<String> {
        from_root_only(path, &["RETR", "STOR"])
    }
    ServerBehaviour { reads_path: Some(reads_path), home: "home/ann", ..classic() }
}

/// Reads a path, and refuses a relative one after these commands.
fn from_root_only(path: PathArgument<'_>, verbs: &[&str]) -> Option<String> {
    let PathArgument { verb, directory, argument } = path;
    match argument.strip_prefix('/') {
        Some(path) => Some(path.trim_end_matches('/').to_owned()),
        None if verbs.contains(&verb) => None,
        None => Some(format!("{directory}/{argument}")),
    }
}
