//! Dot names: whether listings show names that begin with a dot.

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
