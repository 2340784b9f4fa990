//! Opening of a listing: the commands of each method, and the fallbacks after a refusal.

use std::{
    collections::HashSet,
    time::{SystemTime, UNIX_EPOCH},
};

use oxftp_proto::{
    Code, Command, RemotePath, Reply, StatusCodeError, Timestamp, TransferType, classify,
    listing::ListingParser, server::ServerKind,
};

use super::{
    directory::{ByPath, DirectoryListing, Hold},
    entry::EntryLocation,
    fallback::{FallbackChain, ListMethod, Refusal, Verb, first_method},
    nested_lines::NestedLines,
    summary::PathClass,
};
use crate::{
    Client, Error, ListCommand, Result,
    capabilities::listing::ListAll,
    capabilities::optional_commands::OptionalCommand,
    client::{Entering, FollowUp, NO_IMAGE_TYPE, is_unknown_command, may_be_about_slash},
};

/// A directory to be listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListTarget<'p> {
    pub(super) path: &'p RemotePath,
    pub(super) depth: usize,
    /// The command that the caller requires.
    pub(super) required: Option<ListCommand>,
}

/// The reason why a listing could not be opened.
enum Unopened {
    /// The directory could not be entered; `None` if no directory can.
    NotEntered(Option<StatusCodeError>),
    Failed(Error),
}

impl From<Error> for Unopened {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The refusals of one directory so far.
#[derive(Default)]
struct Refusals {
    /// The first error that concerns the directory.
    first: Option<Error>,
    not_entered: Option<StatusCodeError>,
    /// The command that was refused with a path.
    by_path: Option<(Verb, ByPath)>,
    /// `MLSD` was refused without a path, or the directory cannot be entered.
    lacks_mlsd: bool,
    /// The last `LIST` or `NLST` without a path was refused as that of a missing directory.
    is_missing_inside: bool,
}

impl Client {
    /// Opens the listing of a directory by the first method that works.
    pub(super) async fn open_listing(
        &mut self,
        target: ListTarget<'_>,
        follow_up: FollowUp,
    ) -> Result<DirectoryListing> {
        let known = self.listing_capabilities();
        let (class, no_mlsd) = (PathClass::of(target.path), self.capabilities().no_mlsd);
        let mut method = first_method(class, target.required, &known, no_mlsd, self.lists_all());
        method.entered |= self.uses_bare_names() && !target.path.is_empty() && method.verb != Verb::Stat;
        self.open_with_fallbacks(target, method, false, follow_up).await
    }

    /// Returns whether `LIST -a` probably works.
    fn lists_all(&self) -> bool {
        match self.listing_capabilities().list_all {
            ListAll::Works | ListAll::Harmless => true,
            ListAll::Unasked => self.config().list_all && self.may_hide_dot_files(),
            ListAll::Useless | ListAll::SameAtRoot => false,
        }
    }

    /// Opens a listing by this method or one that follows it. `is_inside` says whether the directory was entered already.
    pub(super) async fn open_with_fallbacks(
        &mut self,
        target: ListTarget<'_>,
        method: ListMethod,
        mut is_inside: bool,
        follow_up: FollowUp,
    ) -> Result<DirectoryListing> {
        let known = self.listing_capabilities();
        let is_bare = target.path.is_empty();
        let mut chain =
            FallbackChain::new(method, known, self.lists_all(), target.required.is_none(), is_bare);
        let mut refusals = Refusals::default();
        loop {
            let method = chain.method();
            let (error, refusal) = match self.open_by(target, method, &mut is_inside, follow_up).await {
                Ok(listing) => return Ok(refusals.attach(listing, target.required)),
                Err(Unopened::NotEntered(reason)) => {
                    refusals.lacks_mlsd |= method.verb == Verb::Mlsd;
                    refusals.not_entered = reason.or(refusals.not_entered);
                    (None, Refusal::NotEntered)
                }
                Err(Unopened::Failed(error)) => match refusal(method, is_bare, &error) {
                    Some(refusal) => (Some(error), refusal),
                    None => return Err(error),
                },
            };
            if let Some(error) = error {
                self.note_refusal(method, refusal, &error);
                refusals.add(method, refusal, is_bare, error);
            }
            if chain.next(refusal).is_none() {
                if refusals.are_of_empty_directory(is_inside || is_bare) {
                    let listing = self.prepare(target, method).refused_as_missing();
                    return Ok(refusals.attach(listing, target.required));
                }
                if refusals.may_be_about_slash()
                    && self.may_want_slash(target.path)
                    && matches!(self.enter_with_slash(target.path).await?, Entering::Inside)
                {
                    let method = ListMethod { entered: true, ..method };
                    return Box::pin(self.open_with_fallbacks(target, method, true, follow_up)).await;
                }
                self.restore_working_dir().await?;
                return Err(refusals.into_error());
            }
        }
    }

    /// Records what a refusal says about the server.
    fn note_refusal(&mut self, method: ListMethod, refusal: Refusal, error: &Error) {
        if method.verb == Verb::Mlsd && refusal == Refusal::Command {
            self.capabilities_mut().no_mlsd |= is_unknown_command(error);
        }
        if method.verb == Verb::ListAll && refusal != Refusal::Data {
            self.learn_listing(|known| {
                if known.list_all != ListAll::Works {
                    known.list_all = ListAll::Useless;
                }
            });
        }
    }

    async fn open_by(
        &mut self,
        target: ListTarget<'_>,
        method: ListMethod,
        is_inside: &mut bool,
        follow_up: FollowUp,
    ) -> Result<DirectoryListing, Unopened> {
        if method.entered && !*is_inside {
            match self.enter(target.path).await? {
                Entering::Inside => *is_inside = true,
                Entering::Refused(reason) => return Err(Unopened::NotEntered(Some(reason))),
                Entering::Unavailable => return Err(Unopened::NotEntered(None)),
            }
        }
        *is_inside = method.entered;
        let is_optional = method.verb == Verb::Mlsd && target.required.is_none();
        let _trial = match is_optional {
            true => self.try_optional(OptionalCommand::MLSD).await?,
            false => None,
        };
        let listing = self.prepare(target, method);
        match self.transfer_listing(target, method, listing, follow_up).await {
            Err(error) if is_optional && self.is_lost_to_optional() => {
                // The new session is in the directory of its login.
                *is_inside = false;
                Err(self.replace_lost(error).await.into())
            }
            Err(Error::StatusCode(refused))
                if classify::is_empty_listing(&refused.info) && self.accepts_empty(target, method) =>
            {
                Ok(self.prepare(target, method))
            }
            opened => Ok(opened?),
        }
    }

    /// Opens `LIST -a` after the `LIST` of the same directory, which this session may still be in.
    pub(super) async fn open_list_all(
        &mut self,
        target: ListTarget<'_>,
        method: ListMethod,
    ) -> Result<DirectoryListing> {
        let method = ListMethod { verb: Verb::ListAll, ..method };
        let mut listing = self.prepare(target, method);
        listing.hold = Hold::Nothing;
        self.transfer_listing(target, method, listing, FollowUp::Nothing).await
    }

    async fn transfer_listing(
        &mut self,
        target: ListTarget<'_>,
        method: ListMethod,
        listing: DirectoryListing,
        follow_up: FollowUp,
    ) -> Result<DirectoryListing> {
        if method.verb == Verb::Stat {
            let reply = self.stat_reply(target.path).await?;
            return Ok(listing.in_reply(&reply));
        }
        let argument = match method.entered {
            true => RemotePath::default(),
            false if self.wants_paths_from_root() => {
                self.absolute_path(target.path).await?.unwrap_or_else(|| target.path.clone())
            }
            false => target.path.clone(),
        };
        let line = self.list_line(method.verb, &argument)?;
        let transfer_type = if method.ascii { TransferType::Ascii } else { TransferType::Image };
        let data = match method.entered {
            true => self.open_data_here(line, transfer_type, 0, follow_up).await?,
            false => self.open_data(line, transfer_type, 0, follow_up).await?,
        };
        Ok(listing.over(data))
    }

    /// Returns the reply to `STAT`, which is a listing (RFC 959, 4.1.3).
    async fn stat_reply(&mut self, path: &RemotePath) -> Result<Reply> {
        let here = RemotePath::from(".");
        // Without a path the reply would describe the session.
        self.path_command("STAT", if path.is_empty() { &here } else { path }, &["2xx"]).await
    }

    /// Returns whether a refusal that says that a directory is empty is sufficient.
    fn accepts_empty(&self, target: ListTarget<'_>, method: ListMethod) -> bool {
        let known = method.verb.known(&self.listing_capabilities());
        let is_plain = PathClass::of(target.path) == PathClass::Plain;
        method.entered || target.path.is_empty() || is_plain && known.is_empty_trusted
    }

    /// Creates a listing without entries.
    fn prepare(&self, target: ListTarget<'_>, method: ListMethod) -> DirectoryListing {
        let location = EntryLocation { path: target.path.clone(), encoding: self.encoding() };
        let parser = match method.verb {
            Verb::Mlsd => ListingParser::mlsx(),
            _ => self.list_parser(),
        };
        let mut listing =
            DirectoryListing::without_data(method, location, target.depth, parser, self.limits());
        let known = self.listing_capabilities();
        let command = method.verb.known(&known);
        let is_open = match PathClass::of(target.path) {
            PathClass::Blank => command.honours_blanks.is_none(),
            _ => !command.is_faithful,
        };
        listing.hold = match method.verb {
            Verb::Nlst => Hold::All,
            Verb::ListAll if known.list_all != ListAll::Works => Hold::Some,
            Verb::Mlsd if !listing.is_by_path() && !known.mlsd.works => Hold::First,
            _ if !listing.is_by_path() && known.name_frame.is_none() => Hold::Framed,
            _ if !listing.is_by_path() => Hold::Nothing,
            Verb::Stat => Hold::First,
            _ if is_open => Hold::Some,
            _ => Hold::First,
        };
        listing.name_frame = known.name_frame;
        listing.nested = (self.server_kind() == ServerKind::Other).then(NestedLines::default);
        let asks = self.config().list_all && known.list_all.is_open(target.path) && !known.shows_dot_names;
        listing.names = (asks && method.verb == Verb::List).then(HashSet::new);
        listing
    }

    /// Creates a parser with hints from the server's self-descriptions.
    fn list_parser(&self) -> ListingParser {
        let now = self.server_zone().map_or_else(now, |zone| zone.wall_clock(now()));
        let parser = ListingParser::list(now).limits(self.limits());
        let parser = self.self_descriptions().fold(parser, |parser, text| parser.hint(&text));
        match &self.config().list_parser {
            Some((custom, order)) => parser.custom(custom.clone(), *order),
            None => parser,
        }
    }

    fn list_line(&self, verb: Verb, path: &RemotePath) -> Result<Command> {
        let is_option = path.as_bytes().starts_with(b"-") && verb != Verb::Mlsd;
        let path = if is_option { &RemotePath::from(".").join_path(path) } else { path };
        let verb = match verb {
            Verb::Mlsd => "MLSD",
            Verb::List => "LIST",
            Verb::ListAll => "LIST -a",
            Verb::Nlst => "NLST",
            Verb::Stat => "STAT",
        };
        Ok(Command::with_path(verb, path, self.encoding())?)
    }
}

impl Refusals {
    fn add(&mut self, method: ListMethod, refusal: Refusal, is_bare: bool, error: Error) {
        if !method.entered && !is_bare && refusal == Refusal::Path {
            let is_empty = error.reply().is_some_and(classify::is_empty_listing);
            let said = if is_empty { ByPath::Empty } else { ByPath::Refused };
            self.by_path = self.by_path.or(Some((method.verb, said)));
        }
        if (method.entered || is_bare) && (method.verb.is_list() || method.verb == Verb::Nlst) {
            self.is_missing_inside = error.reply().is_some_and(classify::is_not_found);
        }
        self.lacks_mlsd |=
            method.verb == Verb::Mlsd && (method.entered || is_bare) && refusal == Refusal::Path;
        // An unknown command is reported only if every other one is refused, too.
        if self.first.as_ref().is_none_or(is_about_command) {
            self.first = Some(error);
        }
    }

    /// Returns whether the directory may have been refused because its path has no slash at its end.
    fn may_be_about_slash(&self) -> bool {
        self.not_entered.as_ref().is_some_and(|refused| may_be_about_slash(&refused.info))
    }

    /// Returns whether the directory is empty: it was entered, and is said to be missing when it is listed. Some game
    /// consoles answer so, since their systems find nothing in an empty directory.
    fn are_of_empty_directory(&self, is_inside: bool) -> bool {
        is_inside && self.is_missing_inside
    }

    /// Records in the open listing which attempts were refused before it.
    fn attach(self, mut listing: DirectoryListing, required: Option<ListCommand>) -> DirectoryListing {
        let verb = listing.method.verb;
        listing.replaces_mlsd = self.lacks_mlsd && verb != Verb::Mlsd && verb != Verb::Stat;
        let is_guess =
            verb == Verb::Stat && required.is_none() || listing.replaces_mlsd && self.not_entered.is_some();
        if let Some((refused, said)) = self.by_path
            && listing.method.entered
            && (refused == verb || refused.is_list() && verb.is_list())
        {
            listing.by_path = said;
        }
        listing.guess = self.first.filter(|_| is_guess);
        listing.not_entered = self.not_entered;
        listing
    }

    fn into_error(self) -> Error {
        match (self.first, self.not_entered) {
            (Some(first), Some(reason)) if is_about_command(&first) => reason.into(),
            (Some(first), _) => first,
            (None, Some(reason)) => reason.into(),
            (None, None) => Error::Unsupported { what: "way to list this directory" },
        }
    }
}

/// Returns whether an error says nothing about the directory.
fn is_about_command(error: &Error) -> bool {
    is_unknown_command(error) || matches!(error, Error::Unanswered { .. })
}

/// Returns the subject of a refusal, or `None` if it concerns the session.
fn refusal(method: ListMethod, is_bare: bool, error: &Error) -> Option<Refusal> {
    let refused = match error {
        Error::DataConnect(_) => return Some(Refusal::Data),
        Error::Unanswered { .. } => return Some(Refusal::Command),
        Error::Unsupported { what } if *what == NO_IMAGE_TYPE => return Some(Refusal::Type),
        Error::StatusCode(refused) => refused,
        _ => return None,
    };
    let expects = |mask: &str| refused.expected.iter().any(|expected| expected == mask);
    let (reply, code) = (&refused.info, refused.info.code());
    match code {
        Code::SERVICE_CLOSING => return None,
        // Some servers reply 530 to every command that they do not know.
        Code::NOT_LOGGED_IN => return (method.verb == Verb::Mlsd).then_some(Refusal::Command),
        _ => {}
    }
    if method.verb == Verb::Stat {
        return Some(Refusal::Path);
    }
    if !expects("1xx") {
        return (expects("227") || expects("229")).then_some(Refusal::Data);
    }
    let by_path = !method.entered && !is_bare;
    let is_about_path = by_path && code.get() == 501;
    match code.get() {
        425 => Some(Refusal::Data),
        _ if method.verb == Verb::Mlsd && classify::rejects_mlsd(reply) && !is_about_path => {
            Some(Refusal::Command)
        }
        504 => Some(Refusal::Type),
        202 | 400 | 402 | 500 | 502 => Some(Refusal::Command),
        450 | 451 if by_path => Some(Refusal::Path),
        _ if code.class() == 5 => Some(Refusal::Path),
        _ => None,
    }
}

/// Returns the present time, to the second.
fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(since_epoch.as_secs().try_into().unwrap_or(0), 0).unwrap_or(Timestamp::UNIX_EPOCH)
}
