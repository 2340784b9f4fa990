//! A tree, to the server: what is in a directory, and where it goes.

use std::{path::PathBuf, sync::Arc};

use oxftp_proto::{Encoding, Limits, RemotePath};

use super::file::{FileUpload, KeepTimes};
use crate::transfer::{
    attempt::{Attempt, Transferred},
    local_path::{os_bytes, remote_name},
    partial_name::{is_part_of_another, parts_of_others},
    scheduler::{Found, JobHandler, pending_write::FileOutcome},
    verify::Verify,
};
use crate::{
    Client, Error, Result,
    local_fs::{DirectoryItem, FileKind, PathIo},
};

/// How a tree is stored.
pub(crate) struct TreeUpload {
    pub(crate) fs: Arc<dyn PathIo>,
    pub(crate) block: usize,
    pub(crate) resume: bool,
    pub(crate) ascii: bool,
    pub(crate) temporary: bool,
    pub(crate) allocate: bool,
    pub(crate) keep_times: bool,
    pub(crate) keep_permissions: bool,
    pub(crate) verify: Verify,
    pub(crate) encoding: Encoding,
    pub(crate) limits: Limits,
    /// Files are asked for their sizes when they are found.
    pub(crate) measures: bool,
}

/// A local directory, and where it goes.
pub(crate) struct LocalDirectory {
    pub(crate) local: PathBuf,
    pub(crate) remote: RemotePath,
    pub(crate) depth: usize,
}

/// A local file, and where it goes.
pub(crate) struct LocalFile {
    pub(crate) local: PathBuf,
    pub(crate) remote: RemotePath,
    pub(crate) size: Option<u64>,
}

impl JobHandler for TreeUpload {
    type Directory = LocalDirectory;
    type File = LocalFile;

    async fn list(
        &self,
        client: &mut Client,
        directory: &LocalDirectory,
        found: &mut Found<Self>,
    ) -> Result<()> {
        if directory.depth > self.limits.directory_depth {
            return Err(Error::Limit { what: "levels of directories", limit: self.limits.directory_depth });
        }
        make(client, directory).await?;
        found.made = true;
        let mut items = self.fs.list(&directory.local).await?;
        items.sort_by(|one, other| one.path.cmp(&other.path));
        if self.temporary {
            leave_out_parts_of_others(&mut items, found);
        }
        for item in items {
            let name = item.path.display().to_string();
            if let Err(error) = self.find(item, directory, found).await {
                found.failures.push((name, error));
            }
        }
        Ok(())
    }

    async fn transfer(
        &self,
        client: &mut Client,
        file: &LocalFile,
        attempt: &Attempt<'_>,
    ) -> Result<FileOutcome> {
        // What a lost connection left on the server may still grow, so only the user may resume.
        let storing = FileUpload {
            fs: &*self.fs,
            block: self.block,
            resume: self.resume,
            ascii: self.ascii,
            temporary: self.temporary,
            allocate: self.allocate,
            keep_times: if self.keep_times { KeepTimes::OfSource } else { KeepTimes::No },
            keep_permissions: self.keep_permissions,
            verify: self.verify,
            progress: attempt,
        };
        let stored = storing.store(client, &file.local, &file.remote).await?;
        Ok(FileOutcome {
            moved: Transferred { bytes: stored.bytes, resumed: stored.resumed },
            pending_write: None,
        })
    }

    fn is_root(&self, directory: &LocalDirectory) -> bool {
        directory.depth == 0
    }

    fn directory_name(&self, directory: &LocalDirectory) -> String {
        directory.local.display().to_string()
    }

    fn file_name(&self, file: &LocalFile) -> String {
        file.local.display().to_string()
    }

    fn size(&self, file: &LocalFile) -> Option<u64> {
        file.size
    }
}

impl TreeUpload {
    async fn find(
        &self,
        item: DirectoryItem,
        directory: &LocalDirectory,
        found: &mut Found<Self>,
    ) -> Result<()> {
        let remote = directory.remote.join_in(&remote_name(&item.path)?, self.encoding);
        match item.kind {
            FileKind::Directory => {
                let depth = directory.depth + 1;
                found.directories.push(LocalDirectory { local: item.path, remote, depth });
            }
            FileKind::File => {
                let size = match self.measures {
                    true => self.fs.stat(&item.path).await.ok().map(|found| found.size),
                    false => None,
                };
                found.files.push(LocalFile { local: item.path, remote, size });
            }
            _ => {
                return Err(Error::Skipped {
                    path: item.path.display().to_string(),
                    why: "it is neither a file nor a directory",
                });
            }
        }
        Ok(())
    }
}

/// Leaves out the files whose names are those of others while these are not whole, and names them.
fn leave_out_parts_of_others(items: &mut Vec<DirectoryItem>, found: &mut Found<TreeUpload>) {
    let names: Vec<_> = items.iter().map(|item| os_bytes(item.name())).collect();
    let parts = parts_of_others(names.iter().map(Vec::as_slice));
    let mut place = 0..;
    items.retain(|item| {
        let stays = place.next().is_none_or(|place| !parts.contains(&place));
        if !stays {
            let path = item.path.display().to_string();
            found.failures.push((path.clone(), is_part_of_another(path)));
        }
        stays
    });
}

/// Makes a directory on the server, once for each: what is in it comes after it.
async fn make(client: &mut Client, directory: &LocalDirectory) -> Result<()> {
    let remote = &directory.remote;
    match directory.depth {
        0 if remote.is_empty() || remote.file_name().is_none() => Ok(()),
        0 => client.make_directory(remote).await,
        _ => client.make_directory_in_parent(remote).await,
    }
}
