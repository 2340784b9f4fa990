//! Knowledge about a server, and the current state of one session on it.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use oxftp_proto::{
    Features, HashAlgorithm, PathEvidence, PathStyle, RemotePath, Reply, ServerZone, TransferType,
    dialog::PassiveMode, server::ServerKind,
};
use tokio::time::Instant;

use super::{
    compression::TransferMode,
    listing_knowledge::SharedListingKnowledge,
    navigation::{Away, PathUse},
    time_setting::TimeSetting,
};

/// Capabilities of a server, learned from its replies. The sessions of a pool share them.
#[derive(Debug, Default)]
pub(crate) struct ServerCapabilities {
    /// The reply to `FEAT`.
    pub(super) features: Option<Features>,
    /// The reply to `SYST`.
    pub(super) system: Option<String>,
    /// The server's spelling of paths; `None` while it is unknown.
    pub(super) path_style: Option<PathStyle>,
    /// The server refuses paths with directories, and takes bare names after `CWD`.
    pub(super) bare_names: bool,
    /// `Some(true)` if paths have to begin at the root, because relative ones were refused; `Some(false)` if a
    /// relative one has worked.
    pub(super) absolute_paths: Option<bool>,
    /// The number of relative paths that were refused and then tried from the root.
    pub(super) absolute_attempts: u8,
    /// `CWD` refuses what `PWD` shows as the working directory after the login.
    pub(super) hides_home: bool,
    /// `Some(true)` if `CWD` takes a path of several names; `Some(false)` if it takes one name only.
    pub(super) deep_paths: Option<bool>,
    /// The uses of paths for which it is known whether commands take paths with directories: one has worked, or
    /// entering the directory did not help.
    settled_paths: BTreeSet<PathUse>,
    /// The passive mode that worked last.
    pub(super) passive: Option<PassiveMode>,
    /// The server knows neither `EPSV` nor `PASV`, but opens data connections in active mode.
    pub(super) active_only: bool,
    /// The time zone of listings, as measured.
    pub(super) server_zone: Option<ServerZone>,
    /// The command that sets modification times. Each session determines it separately.
    pub(super) time_setting: TimeSetting,
    /// The server needs `PRET` before a passive command.
    pub(super) wants_pret: bool,
    /// The server refused a passive command that was sent before the final reply of a transfer, or it ends multi-line
    /// replies with other codes.
    pub(super) no_pipelining: bool,
    /// `MODE Z` is not offered or was refused.
    pub(super) no_compression: bool,
    /// Files uploaded with `MODE Z` arrived damaged.
    pub(super) no_compressed_uploads: bool,
    /// `EPRT` was refused.
    pub(super) no_eprt: bool,
    /// `ALLO` is superfluous or was refused.
    pub(super) no_allocation: bool,
    /// `STOR` is refused without `ALLO`.
    pub(super) needs_allocation: bool,
    /// Whether files have to be deleted before they are replaced, because `STOR` keeps their content; `None` if an upload of
    /// the wrong size was not examined yet.
    pub(super) keeps_content: Option<bool>,
    /// `MLST` has succeeded.
    pub(super) mlst_works: bool,
    /// `MLSD` is not supported.
    pub(crate) no_mlsd: bool,
    /// `MLST` is not supported.
    pub(super) no_mlst: bool,
    /// The server may change the type by itself, so that `TYPE` is sent before each transfer.
    pub(super) repeats_type: bool,
    /// The type that has the effect of `TYPE I`.
    pub(super) image: ImageType,
    /// `SIZE` is not supported.
    pub(super) no_size: bool,
    /// `MDTM` is not supported.
    pub(super) no_mdtm: bool,
    /// Listings do not show uploaded files, or cannot be read.
    pub(super) hides_uploads: bool,
    /// Directories that are too large to be listed for each upload.
    pub(super) large_directories: BTreeSet<RemotePath>,
    /// The user knows that times are not preserved on this server.
    pub(crate) reported_times_not_kept: Arc<AtomicBool>,
    /// Properties of the server that its listings have shown.
    pub(super) listing: SharedListingKnowledge,
}

impl ServerCapabilities {
    /// Creates the capabilities that the greeting of a server implies.
    pub(super) fn from_greeting(greeting: &Reply) -> Self {
        let text = greeting.text();
        let lacks_mlsx = ServerKind::identify(&text, None).quirks().lacks_mlsx;
        let path_style = PathEvidence { greeting: &text, ..PathEvidence::default() }.style();
        Self { no_mlst: lacks_mlsx, no_mlsd: lacks_mlsx, path_style, ..Self::default() }
    }

    /// Returns whether it is known whether commands of this use take paths with directories.
    pub(super) fn paths_are_settled(&self, usage: PathUse) -> bool {
        self.settled_paths.contains(&usage)
    }

    /// Records that the server lists files with versions, as only OpenVMS does.
    pub(crate) fn note_versions(&mut self) {
        self.path_style.get_or_insert(PathStyle::Vms);
    }

    /// Records that no further attempt with a bare name is needed.
    pub(super) fn settle_paths(&mut self, usage: PathUse) {
        self.settled_paths.insert(usage);
    }

    /// Adds the capabilities that another session on the same server has learned.
    pub(crate) fn learn(&mut self, other: &Self) {
        self.passive = other.passive.or(self.passive);
        self.active_only |= other.active_only;
        self.path_style = other.path_style.or(self.path_style);
        self.bare_names |= other.bare_names;
        self.hides_home |= other.hides_home;
        self.deep_paths = other.deep_paths.or(self.deep_paths);
        self.absolute_paths = other.absolute_paths.or(self.absolute_paths);
        self.absolute_attempts = self.absolute_attempts.max(other.absolute_attempts);
        self.settled_paths.extend(&other.settled_paths);
        self.no_pipelining |= other.no_pipelining;
        self.wants_pret |= other.wants_pret;
        self.mlst_works |= other.mlst_works;
        self.listing.share(&other.listing);
        self.no_mlsd |= other.no_mlsd;
        self.no_mlst |= other.no_mlst;
        self.repeats_type |= other.repeats_type;
        if self.image == ImageType::Usual {
            self.image = other.image;
        }
        self.no_size |= other.no_size;
        self.no_mdtm |= other.no_mdtm;
        self.hides_uploads |= other.hides_uploads;
        self.large_directories.extend(other.large_directories.iter().cloned());
        self.reported_times_not_kept = other.reported_times_not_kept.clone();
        self.no_compression |= other.no_compression;
        self.no_compressed_uploads |= other.no_compressed_uploads;
        self.no_eprt |= other.no_eprt;
        self.no_allocation |= other.no_allocation;
        self.needs_allocation |= other.needs_allocation;
        self.keeps_content = self.keeps_content.or(other.keeps_content);
        if self.features.is_none() {
            self.features.clone_from(&other.features);
        }
        if self.system.is_none() {
            self.system.clone_from(&other.system);
        }
        if other.server_zone.is_some() {
            self.server_zone.clone_from(&other.server_zone);
        }
    }
}

/// The type in which a server transfers files unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ImageType {
    /// In `TYPE I`.
    #[default]
    Usual,
    /// In `TYPE L 8`.
    Local,
    /// Always: it refuses all types.
    Only,
    /// Never: it knows `TYPE A` only.
    Missing,
}

/// Current state of one session.
#[derive(Debug, Default)]
pub(crate) struct SessionState {
    /// `true` if `USER` was sent.
    pub(super) logged_in: bool,
    /// The time that the server needed for connecting and logging in, without the round trips.
    pub(super) login_cost: Duration,
    /// The time at which the login was complete.
    pub(super) logged_in_at: Option<Instant>,
    /// The time at which that login began.
    pub(super) login_began: Option<Instant>,
    /// `true` if the caller may have changed the session: its directory or its login, or other state by raw commands.
    pub(super) dirty: bool,
    /// `true` if the session has a state that a new one cannot be brought into.
    pub(super) altered: bool,
    /// The arguments of `CWD` since the login, from the last absolute one on; `..` stands for `CDUP`.
    pub(super) directories: Vec<RemotePath>,
    /// The representation type (`TYPE`); `None` while it is uncertain.
    pub(super) transfer_type: Option<TransferType>,
    /// The type in which files are transferred, in place of `TYPE I`: the user's commands have chosen it.
    pub(super) file_type: Option<TransferType>,
    /// The transfer mode (`MODE`).
    pub(super) mode: TransferMode,
    /// `true` if a `REST` was sent that perhaps no transfer has consumed.
    pub(super) restart_pending: bool,
    /// `true` if data connections are encrypted (`PROT P`).
    pub(super) protects_data: bool,
    /// `true` if `PBSZ` and `PROT` must be sent again after the login.
    pub(super) protection_pending: bool,
    /// `true` if the server begins the TLS handshake of data connections (`SSCN ON`).
    pub(super) begins_handshakes: bool,
    /// `true` if `OPTS MLST` was sent to enable permissions in listings.
    pub(super) permissions_asked: bool,
    /// The algorithm that `OPTS HASH` selected; `Some(None)` while it is uncertain.
    pub(super) hash_selected: Option<Option<HashAlgorithm>>,
    /// The old name of a rename between its `RNFR` and the reply to `RNTO`.
    pub(super) pending_rename: Option<RemotePath>,
    /// The position of the session outside of the caller's working directory; `None` in that directory.
    pub(super) away: Option<Away>,
    /// The caller's working directory in the last reply to `PWD`; `Some(None)` if the server does not report it.
    pub(super) working_dir: Option<Option<RemotePath>>,
    /// The number of replies when the last listing was complete.
    pub(super) listed_at: Option<u32>,
    /// `true` if the session had a data connection in passive mode.
    pub(super) had_passive_data: bool,
    /// `true` if `SITE NAMEFMT 1` was sent (IBM i).
    pub(super) ifs_paths: bool,
}

impl SessionState {
    /// Records that the caller may have changed anything.
    pub(super) fn alter(&mut self) {
        self.dirty = true;
        self.altered = true;
        self.working_dir = None;
    }

    /// Records a change of the working directory.
    pub(super) fn entered(&mut self, directory: RemotePath) {
        self.working_dir = None;
        if directory.as_bytes().starts_with(b"/") {
            self.directories.clear();
        }
        self.directories.push(directory);
    }

    /// Records that a transfer with an offset was aborted. libunftp starts the next transfer at the same offset
    /// unless it receives another `REST`.
    pub(crate) fn mark_restart_pending(&mut self) {
        self.restart_pending = true;
    }
}
