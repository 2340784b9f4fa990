//! Dot names: whether listings show names that begin with a dot.

use super::Client;
use crate::{ListCommand, capabilities::listing::ListAll};

/// Visibility of names that begin with a dot, such as `.htaccess`, in the listings of a server.
///
/// See [`Client::dot_names`](crate::Client::dot_names).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DotNames {
    /// Listings show them: the server has shown such a name, or `MLSD` is in use, which hides nothing (RFC 3659, 7).
    Shown,
    /// Listings leave them out: a file exists that its listing does not show.
    Hidden,
    /// Not known. There was no listing yet, or none has shown such a name.
    #[default]
    Unknown,
}

impl Client {
    /// Returns whether the listings of this server show names that begin with a dot, as far as the listings so far
    /// have revealed it. Sends no command.
    ///
    /// The first listing by `LIST` is followed by one with `-a` in the same directory, unless it shows such names by
    /// itself ([`ClientBuilder::list_all`](crate::ClientBuilder::list_all)). Servers for which that is not an option
    /// refuse it, or show nothing new.
    ///
    /// A file that begins with a dot and is absent from a listing may exist, unless this returns
    /// [`DotNames::Shown`].
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let names: Vec<_> = client.list("www").await?.iter().map(|found| found.name().to_string()).collect();
    /// let is_complete = client.dot_names() == oxftp::DotNames::Shown;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn dot_names(&self) -> DotNames {
        if self.relies_on_mlsd() {
            return DotNames::Shown;
        }
        let known = self.listing_capabilities();
        if known.list_all == ListAll::Works || known.shows_dot_names {
            DotNames::Shown
        } else if known.hides_dot_names {
            DotNames::Hidden
        } else {
            DotNames::Unknown
        }
    }

    /// Returns whether names that begin with a dot count as shown because `MLSD` is in use.
    pub(crate) fn relies_on_mlsd(&self) -> bool {
        let required = self.config.list_command;
        self.listing_capabilities().mlsd.works
            && !self.capabilities.no_mlsd
            && required.is_none_or(|command| command == ListCommand::Mlsd)
    }
}
