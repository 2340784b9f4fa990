//! How many connections a transfer is to have.

/// Over how many of a pool's connections a transfer goes.
///
/// Over a client of one's own it is always one.
///
/// ```no_run
/// use oxftp::Connections;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.download("photos").connections(Connections::Auto).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Connections {
    /// Over as many as the pool has.
    #[default]
    All,
    /// Over as many as make it faster: it begins with one, and takes more, up to the pool's
    /// [size](crate::Pool::size), while files and bytes flow faster for it.
    Auto,
}
