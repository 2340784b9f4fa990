//! Verification of a transferred file against the server's.

use std::path::Path;

use oxftp_proto::RemotePath;

use super::options::Verify;
use crate::{
    Client, Error, Result,
    local_fs::{FileSystem, hash::hash_file},
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
            Self::Size => match client.size(remote).await? {
                there if there == local.size => Ok(()),
                there => Err(Error::SizeMismatch { expected: there, transferred: local.size }),
            },
            Self::Hash => {
                let there = client.hash(remote, None).await?;
                let here = hash_file(local.fs, local.path, there.algorithm()).await?;
                if here == there { Ok(()) } else { Err(Error::HashMismatch { there, here }) }
            }
        }
    }
}
