//! Whether what was transferred is what the server has.

use std::path::Path;

use oxftp_proto::RemotePath;

use crate::{
    Client, Error, Result,
    local_fs::{PathIo, hash::hash_file},
};

/// How a transferred file is compared with the server's once more, when all of it has arrived.
///
/// ```no_run
/// use oxftp::Verify;
///
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// client.upload("image.iso").verify(Verify::Hash).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Verify {
    /// By what costs next to nothing: a download by the length that was listed, where one was; an upload by length
    /// (`SIZE`), where the server tells that of what it just took. `SIZE` is sent along with what sets the
    /// [time](crate::Upload::keep_times), if that is kept.
    #[default]
    Auto,
    /// Not at all: a download is compared with the length that was listed, where one was.
    Nothing,
    /// By length (`SIZE`).
    Size,
    /// By the strongest hash that the server offers (see [`Client::hash`]); it costs both sides a reading
    /// of the file.
    Hash,
}

impl Verify {
    /// Compares a local file of this length with one on the server.
    pub(crate) async fn check(
        self,
        client: &mut Client,
        (fs, local): (&dyn PathIo, &Path),
        length: u64,
        remote: &RemotePath,
    ) -> Result<()> {
        match self {
            Self::Auto | Self::Nothing => Ok(()),
            Self::Size => match client.size(remote).await? {
                there if there == length => Ok(()),
                there => Err(Error::SizeMismatch { expected: there, transferred: length }),
            },
            Self::Hash => {
                let there = client.hash(remote, None).await?;
                let here = hash_file(fs, local, there.algorithm()).await?;
                if here == there { Ok(()) } else { Err(Error::HashMismatch { there, here }) }
            }
        }
    }
}
