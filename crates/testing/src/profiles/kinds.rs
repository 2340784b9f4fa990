//! One property each, as several servers have it.

use super::{Profile, classic, lines, modern};
use crate::memory::{ListedPath, ServerBehaviour};

pub(super) const PROFILES: &[Profile] = &[
    Profile { name: "active_mode_only", behaviour: active_mode_only },
    Profile { name: "epsv_port_unreachable", behaviour: epsv_port_unreachable },
    Profile { name: "empty_directories_refused", behaviour: empty_directories_refused },
    Profile { name: "lines_with_two_returns", behaviour: lines_with_two_returns },
    Profile { name: "names_classified", behaviour: names_classified },
    Profile { name: "names_with_paths", behaviour: names_with_paths },
    Profile { name: "no_clock", behaviour: no_clock },
    Profile { name: "other_code_at_end", behaviour: other_code_at_end },
    Profile { name: "kinds_alone", behaviour: kinds_alone },
    Profile { name: "names_only", behaviour: names_only },
    Profile { name: "session_ends_in_transfer", behaviour: session_ends_in_transfer },
    Profile { name: "transfer_broken_off", behaviour: transfer_broken_off },
];

/// Neither `EPSV` nor `PASV`.
fn active_mode_only() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[("EPSV", "502 Command not implemented."), ("PASV", "502 Command not implemented.")],
        ..classic()
    }
}

/// A firewall lets no connection to the port of `EPSV` through.
fn epsv_port_unreachable() -> ServerBehaviour {
    ServerBehaviour {
        extended_passive: |_| "229 Entering Extended Passive Mode (|||1|)".to_owned(),
        ..classic()
    }
}

fn empty_directories_refused() -> ServerBehaviour {
    ServerBehaviour { empty_listing: Some("450 No files found"), ..classic() }
}

fn lines_with_two_returns() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| format!("{}\r", lines::ls(name, item)))
}

/// `ls -F`.
fn names_classified() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| {
        let mark = if item.is_directory() { "/" } else { "" };
        format!("{}{mark}", lines::ls(name, item))
    })
}

/// Each name is listed with the path that was requested.
fn names_with_paths() -> ServerBehaviour {
    ServerBehaviour { lists_paths: true, ..classic() }
}

/// Its clock starts at the year 2000 with each boot.
fn no_clock() -> ServerBehaviour {
    ServerBehaviour { now: 946_684_800 + 300, ..classic() }.listing(|name, item| {
        let mode = if item.is_directory() { "drwxr-xr-x" } else { "-rw-r--r--" };
        format!("{mode} 1 0 0 {} Jan  1 00:05 {name}", item.size())
    })
}

/// Replies of several lines end with another code.
fn other_code_at_end() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-Welcome\n220-to this site\n230 ready",
        closes: "226-[ stats ]\n200 done",
        ..modern()
    }
}

/// The kind alone in place of the mode.
fn kinds_alone() -> ServerBehaviour {
    ServerBehaviour { ..classic() }.listing(|name, item| {
        let line = lines::ls(name, item);
        let (mode, rest) = line.split_once(' ').unwrap_or(("", &line));
        format!("{}  {rest}", mode.get(..1).unwrap_or_default())
    })
}

/// `LIST` is unknown and `NLST` shows names only.
fn names_only() -> ServerBehaviour {
    ServerBehaviour {
        refused: vec!["LIST", "MLSD", "MLST", "MFMT", "FEAT"],
        listed_paths: &[("NLST", ListedPath::Read)],
        ..modern()
    }
}

/// The first transfer of each file ends the session in the middle.
fn session_ends_in_transfer() -> ServerBehaviour {
    ServerBehaviour { breaks_transfers: Some("421 Timeout: closing control connection.!"), ..classic() }
}

/// The first transfer of each file ends in the middle.
fn transfer_broken_off() -> ServerBehaviour {
    ServerBehaviour { breaks_transfers: Some("426 Connection closed; transfer aborted."), ..modern() }
}
