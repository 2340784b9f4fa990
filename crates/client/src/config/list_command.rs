//! Command that lists a directory.

/// A command that lists a directory.
///
/// ```no_run
/// use oxftp::ListCommand;
///
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let entries = client.list("pub").raw_command(ListCommand::List).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListCommand {
    /// `MLSD`: a machine-readable listing (RFC 3659, 7).
    Mlsd,
    /// `LIST`: a human-readable listing in a server-specific format (RFC 959, 4.1.3).
    List,
    /// `STAT` with a path: the reply is a listing in the format of `LIST`, without a data connection (RFC
    /// 959, 4.1.3). The [`Limits`](crate::Limits) of a reply apply to it.
    Stat,
}
