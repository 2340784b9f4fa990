//! Verification of a transferred file against the server's.

use std::path::Path;

use oxftp_proto::{FileHash, HashAlgorithm, RemotePath};

use super::options::Verify;
use crate::{
    Client, Error, Result,
    local_fs::{
        FileSystem,
        hash::{Hasher, hash_file},
    },
};

/// The local file of a transfer.
#[derive(Clone, Copy)]
pub(crate) struct LocalCopy<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    pub(crate) path: &'a Path,
    pub(crate) size: u64,
}

impl Verify {
    /// Compares a local file with the one on the server.
    pub(crate) async fn check(
        self,
        client: &mut Client,
        local: LocalCopy<'_>,
        remote: &RemotePath,
    ) -> Result<()> {
        match self {
            Self::Auto | Self::Nothing => Ok(()),
            // Boxed, so that the future is small for files that are not verified.
            _ => Box::pin(self.compare(client, local, remote)).await,
        }
    }

    async fn compare(self, client: &mut Client, local: LocalCopy<'_>, remote: &RemotePath) -> Result<()> {
        let there = match self {
            Self::Auto | Self::Nothing => return Ok(()),
            Self::Size => {
                return match client.size(remote).await? {
                    there if there == local.size => Ok(()),
                    there => Err(Error::SizeMismatch { expected: there, transferred: local.size }),
                };
            }
            Self::Hash => client.hash(remote, None).await?,
            Self::Content => content_hash(client, remote).await?,
        };
        let here = hash_file(local.fs, local.path, there.algorithm()).await?;
        if here == there { Ok(()) } else { Err(Error::HashMismatch { there, here }) }
    }
}

/// Returns the hash that the server computes, or else the SHA-256 of the file that it sends.
async fn content_hash(client: &mut Client, remote: &RemotePath) -> Result<FileHash> {
    match client.hash(remote, None).await {
        Ok(hash) if Hasher::new(hash.algorithm()).is_ok() => Ok(hash),
        Ok(_)
        | Err(
            Error::Unsupported { .. }
            | Error::StatusCode(_)
            | Error::UnusableReply { .. }
            | Error::Unanswered { .. },
        ) => client.hash_content(remote, HashAlgorithm::Sha256).await,
        Err(error) => Err(error),
    }
}
