//! Command that lists a directory.

/// A command that lists.
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
    /// `MLSD`: made for programs (RFC 3659, 7).
    Mlsd,
    /// `LIST`: made for people, in a format of the server's own (RFC 959, 4.1.3).
    List,
    /// `STAT` with a path: the reply is the listing, as `LIST` prints it, and no data connection is
    /// needed (RFC 959, 4.1.3). It is bounded by the [`Limits`](crate::Limits) of a reply.
    Stat,
}
