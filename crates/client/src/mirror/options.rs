//! What a mirror may be told.

/// By what a file is taken for changed.
///
/// ```no_run
/// use oxftp::mirror::Compare;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.mirror_up("dist", "/www").compare(Compare::Size).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Compare {
    /// By size and time. Times are compared at the coarser precision of both sides; where a listing is
    /// coarse or tells no zone, the server is asked before a file is transferred for its time alone
    /// (`MDTM`).
    ///
    /// A server that announces no `MFMT` may be unable to keep times: there a file of the same size that
    /// is not older than its source counts as the same.
    #[default]
    SizeAndTime,
    /// By size alone.
    Size,
    /// Only what is newer at the source is transferred, whatever the sizes.
    Newer,
    /// By size, then by the strongest hash that the server offers (see [`Client::hash`](crate::Client::hash)).
    /// It costs both sides a reading of each file.
    Hash,
}

/// Whether what only the target has is deleted, and when.
///
/// Nothing is deleted in a directory whose listing, on either side, failed, was cut, or held a line or a name
/// that cannot be used; nor what a filter excludes, nor a directory that holds such a thing.
///
/// ```no_run
/// use oxftp::mirror::Delete;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.mirror_down("/www", "backup").delete(Delete::After).max_deletions(100).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Delete {
    /// Never: a mirror only adds.
    #[default]
    Never,
    /// Directory by directory, before the files of each are transferred.
    Before,
    /// When all is transferred; not at all when the mirror could not be brought to its end.
    After,
}

/// What becomes of the symbolic links at the source.
///
/// ```no_run
/// use oxftp::mirror::Links;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.mirror_down("/pub", "pub").links(Links::Follow).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Links {
    /// They are left out, and so is what stands in their places at the target.
    #[default]
    Skip,
    /// What they lead to is mirrored, at most four links deep.
    Follow,
    /// They are made anew, in local targets alone: relative ones that stay inside, after all files.
    Copy,
}
