//! Names that begin with a dot: whether the listings of a server show them.

use super::Client;
use crate::ListCommand;

/// Whether the listings of a server show names that begin with a dot, such as `.htaccess`.
///
/// See [`Client::dot_names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DotNames {
    /// Listings show them: the server was seen to show such a name, or `MLSD` is in use, which hides nothing
    /// (RFC 3659, 7).
    Shown,
    /// Listings leave them out, and no option of the server changes that.
    Hidden,
    /// Not known. There was no listing yet, or none has shown such a name.
    #[default]
    Unknown,
}

impl Client {
    /// Returns whether the listings of this server show names that begin with a dot, as far as the listings so far
    /// have revealed it. Sends no command.
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
        let by_mlsd = !self.capabilities.no_mlsd
            && self.capabilities.mlsd_works
            && self.config.list_command.is_none_or(|command| command == ListCommand::Mlsd);
        if by_mlsd || self.hides_dot_files() { DotNames::Shown } else { DotNames::Unknown }
    }
}
