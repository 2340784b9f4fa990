//! Fallbacks between the methods to list a directory: decides which one follows a refusal. It performs no I/O;
//! [`open`](super::open) sends the commands.

use super::summary::PathClass;
use crate::{
    ListCommand,
    capabilities::listing::{ListAll, ListCommandCapabilities, ListingCapabilities},
};

/// Method to list a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListMethod {
    pub(super) verb: Verb,
    /// The directory is made the working directory and listed without a path.
    pub(super) entered: bool,
    /// The listing is transferred in `TYPE A`.
    pub(super) ascii: bool,
}

/// The command of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Mlsd,
    List,
    /// `LIST -a`
    ListAll,
    Nlst,
    Stat,
}

impl Verb {
    fn list(all: bool) -> Self {
        if all { Self::ListAll } else { Self::List }
    }

    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::List | Self::ListAll)
    }

    /// Returns the properties of the command, as observed.
    pub(super) fn known(self, known: &ListingCapabilities) -> ListCommandCapabilities {
        if self == Self::Mlsd { known.mlsd } else { known.list }
    }
}

/// Why a method did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The directory could not be entered.
    NotEntered,
    /// The server does not know the command.
    Command,
    /// The server refused the transfer type.
    Type,
    /// The server refused the path, or does not say what it refused.
    Path,
    /// There is no data connection.
    Data,
}

/// The methods that were tried for one directory.
#[derive(Debug)]
pub(super) struct FallbackChain {
    method: ListMethod,
    tried: Vec<ListMethod>,
    known: ListingCapabilities,
    /// The verb of `LIST`.
    list: Verb,
    /// The caller requires no command.
    is_free: bool,
    /// The path is empty.
    is_bare: bool,
    cannot_enter: bool,
}

impl FallbackChain {
    /// Creates an order of attempts that begins with this method. `lists_all` says whether `LIST -a` probably works.
    pub(super) fn new(
        method: ListMethod,
        known: ListingCapabilities,
        lists_all: bool,
        is_free: bool,
        is_bare: bool,
    ) -> Self {
        let list = Verb::list(lists_all);
        Self { method, tried: vec![method], known, list, is_free, is_bare, cannot_enter: false }
    }

    pub(super) fn method(&self) -> ListMethod {
        self.method
    }

    /// Moves to the next method and returns it, or `None` if nothing else is worth an attempt.
    pub(super) fn next(&mut self, refusal: Refusal) -> Option<ListMethod> {
        let next = self.after(refusal).filter(|next| !self.tried.contains(next))?;
        self.method = next;
        self.tried.push(next);
        Some(next)
    }

    fn after(&mut self, refusal: Refusal) -> Option<ListMethod> {
        let method = self.method;
        self.cannot_enter |= refusal == Refusal::NotEntered;
        let inside = method.entered || self.is_bare;
        let by = |verb| Some(ListMethod { verb, ..method });
        let by_list = |method: ListMethod| {
            let enters = self.known.list.must_enter && !self.is_bare && !self.cannot_enter;
            Some(ListMethod {
                verb: self.list,
                entered: method.entered || enters,
                ascii: self.known.needs_ascii,
            })
        };
        match refusal {
            // If data connections worked before, they will work again.
            Refusal::Data if self.known.mlsd.works || self.known.list.works => None,
            Refusal::Data => {
                (self.is_free).then_some(ListMethod { verb: Verb::Stat, entered: false, ascii: false })
            }
            Refusal::NotEntered => {
                let by_path = ListMethod { entered: false, ..method };
                match self.tried.contains(&by_path) {
                    // Some servers refuse `MLSD` for every directory as if the directory were missing.
                    true if self.is_free && method.verb == Verb::Mlsd && !self.known.mlsd.works => {
                        by_list(by_path)
                    }
                    true => None,
                    false => Some(by_path),
                }
            }
            _ => match method.verb {
                Verb::Mlsd if refusal == Refusal::Command && self.is_free => by_list(method),
                Verb::Mlsd if inside && self.is_free && !self.known.mlsd.works => by_list(method),
                Verb::ListAll if self.known.list_all != ListAll::Works => by(Verb::List),
                Verb::Stat => None,
                Verb::Nlst if refusal == Refusal::Command && self.is_free => {
                    Some(ListMethod { verb: Verb::Stat, entered: false, ascii: false })
                }
                _ if refusal == Refusal::Type && !method.ascii => Some(ListMethod { ascii: true, ..method }),
                _ if !inside && !self.cannot_enter => Some(ListMethod { entered: true, ..method }),
                Verb::List | Verb::ListAll if inside && !self.known.list.works => match method.ascii {
                    false => Some(ListMethod { ascii: true, ..method }),
                    true if self.is_free => by(Verb::Nlst),
                    true => None,
                },
                _ => None,
            },
        }
    }
}

/// Returns the method to begin with. `lists_all` says whether `LIST -a` probably works.
pub(super) fn first_method(
    class: PathClass,
    required: Option<ListCommand>,
    known: &ListingCapabilities,
    no_mlsd: bool,
    lists_all: bool,
) -> ListMethod {
    let list = Verb::list(lists_all);
    let verb = match required {
        Some(ListCommand::Mlsd) => Verb::Mlsd,
        Some(ListCommand::List) => list,
        Some(ListCommand::Stat) => Verb::Stat,
        None if known.needs_stat => Verb::Stat,
        None if known.needs_nlst => Verb::Nlst,
        None if no_mlsd => list,
        None => Verb::Mlsd,
    };
    let command = verb.known(known);
    let enters = command.must_enter
        || class == PathClass::Special
        || class == PathClass::Blank && command.honours_blanks == Some(false);
    let ascii = known.needs_ascii && matches!(verb, Verb::List | Verb::ListAll | Verb::Nlst);
    ListMethod { verb, entered: enters && verb != Verb::Stat, ascii }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MLSD: ListMethod = ListMethod { verb: Verb::Mlsd, entered: false, ascii: false };
    const LIST: ListMethod = ListMethod { verb: Verb::List, ..MLSD };
    const STAT: ListMethod = ListMethod { verb: Verb::Stat, ..MLSD };

    fn inside(method: ListMethod) -> ListMethod {
        ListMethod { entered: true, ..method }
    }

    fn ascii(method: ListMethod) -> ListMethod {
        ListMethod { ascii: true, ..method }
    }

    /// Returns the methods that are tried one after the other, if each is refused for this reason.
    fn methods_after(
        start: ListMethod,
        known: ListingCapabilities,
        is_free: bool,
        refusals: &[Refusal],
    ) -> Vec<ListMethod> {
        let mut chain = FallbackChain::new(start, known, false, is_free, false);
        refusals.iter().map_while(|refusal| chain.next(*refusal)).collect()
    }

    #[test]
    fn refused_path_is_entered() {
        let known = ListingCapabilities::default();
        assert_eq!(methods_after(MLSD, known, true, &[Refusal::Path]), [inside(MLSD)]);
        assert_eq!(methods_after(LIST, known, true, &[Refusal::Path]), [inside(LIST)]);
        assert_eq!(methods_after(LIST, known, true, &[Refusal::Path, Refusal::NotEntered]), [inside(LIST)]);
        assert_eq!(methods_after(inside(LIST), known, true, &[Refusal::NotEntered, Refusal::Path]), [LIST]);
    }

    #[test]
    fn unknown_mlsd_becomes_list() {
        let known = ListingCapabilities::default();
        assert_eq!(
            methods_after(MLSD, known, true, &[Refusal::Command, Refusal::Path]),
            [LIST, inside(LIST)]
        );
        assert_eq!(methods_after(MLSD, known, false, &[Refusal::Command]), [inside(MLSD)]);
    }

    #[test]
    fn unknown_mlsd_becomes_the_list_that_works() {
        let mut known =
            ListingCapabilities { needs_ascii: true, list_all: ListAll::Works, ..Default::default() };
        known.list.must_enter = true;
        let mut chain = FallbackChain::new(MLSD, known, true, true, false);

        let list = chain.next(Refusal::Command);

        assert_eq!(list, Some(ascii(inside(ListMethod { verb: Verb::ListAll, ..LIST }))));
    }

    #[test]
    fn mlsd_refused_everywhere_becomes_list() {
        let mut known = ListingCapabilities::default();
        assert_eq!(
            methods_after(MLSD, known, true, &[Refusal::Path, Refusal::Path]),
            [inside(MLSD), inside(LIST)]
        );
        assert_eq!(
            methods_after(MLSD, known, true, &[Refusal::Path, Refusal::NotEntered]),
            [inside(MLSD), LIST]
        );

        known.mlsd.works = true;
        assert_eq!(methods_after(MLSD, known, true, &[Refusal::Path, Refusal::Path]), [inside(MLSD)]);
        assert_eq!(methods_after(MLSD, known, true, &[Refusal::Path, Refusal::NotEntered]), [inside(MLSD)]);
    }

    #[test]
    fn refused_list_is_tried_in_ascii_then_nlst() {
        let mut known = ListingCapabilities::default();
        let nlst = ListMethod { verb: Verb::Nlst, ..ascii(inside(LIST)) };
        let refusals = [Refusal::Command; 5];
        assert_eq!(
            methods_after(LIST, known, true, &refusals),
            [inside(LIST), ascii(inside(LIST)), nlst, STAT]
        );
        assert_eq!(methods_after(LIST, known, false, &refusals), [inside(LIST), ascii(inside(LIST))]);
        assert_eq!(methods_after(LIST, known, true, &[Refusal::Type]), [ascii(LIST)]);

        known.list.works = true;
        assert_eq!(methods_after(LIST, known, true, &[Refusal::Path; 5]), [inside(LIST)]);
        assert_eq!(methods_after(LIST, known, true, &[Refusal::Type]), [ascii(LIST)]);
    }

    #[test]
    fn refused_option_is_left_out() {
        let mut known = ListingCapabilities::default();
        let all = ListMethod { verb: Verb::ListAll, ..LIST };
        assert_eq!(methods_after(all, known, false, &[Refusal::Path, Refusal::Path]), [LIST, inside(LIST)]);

        known.list_all = ListAll::Works;
        assert_eq!(methods_after(all, known, false, &[Refusal::Path]), [inside(all)]);
    }

    #[test]
    fn stat_replaces_a_missing_data_connection() {
        let known = ListingCapabilities::default();
        assert_eq!(methods_after(MLSD, known, true, &[Refusal::Data, Refusal::Path]), [STAT]);
        assert_eq!(methods_after(inside(LIST), known, true, &[Refusal::Data, Refusal::Data]), [STAT]);
        assert_eq!(methods_after(LIST, known, false, &[Refusal::Data]), []);

        let mut had_data = known;
        had_data.list.works = true;
        assert_eq!(methods_after(MLSD, had_data, true, &[Refusal::Data]), []);
    }

    #[test]
    fn first_way_follows_from_knowledge_and_path() {
        let known = ListingCapabilities::default();
        let first = |class, known: &ListingCapabilities| first_method(class, None, known, false, false);
        assert_eq!(first(PathClass::Plain, &known), MLSD);
        assert_eq!(first(PathClass::Blank, &known), MLSD);
        assert_eq!(first(PathClass::Special, &known), inside(MLSD));

        let mut must_enter = known;
        must_enter.mlsd.must_enter = true;
        assert_eq!(first(PathClass::Plain, &must_enter), inside(MLSD));
        let mut cuts = known;
        cuts.mlsd.honours_blanks = Some(false);
        assert_eq!((first(PathClass::Blank, &cuts), first(PathClass::Plain, &cuts)), (inside(MLSD), MLSD));
        let stat = ListingCapabilities { needs_stat: true, ..known };
        assert_eq!(first(PathClass::Special, &stat), STAT);
        let with_ascii = ListingCapabilities { needs_ascii: true, ..known };
        let list = first_method(PathClass::Plain, Some(ListCommand::List), &with_ascii, false, true);
        assert_eq!(list, ascii(ListMethod { verb: Verb::ListAll, ..LIST }));
    }
}
