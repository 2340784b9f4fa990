//! Renaming and copying files.

use std::sync::Arc;

use opendal_core::{Error, ErrorKind, Metadata, MetadataBuilder, Result};

use crate::{
    core::{Core, size},
    failure::{failure, is_a_directory},
    names,
    upload::{Mode, Upload},
};

/// Renames a file, in place of an existing one. Creates missing directories.
pub(crate) async fn rename(core: &Core, from: &str, to: &str) -> Result<()> {
    let (source, target) = (core.remote(from)?, core.remote(to)?);
    core.find_file(from).await?;
    check_target(from, to)?;
    let renamed = match core.replace(&source, &target).await {
        Err(error @ oxftp::Error::NotRenamed { .. }) if !error.is_connection_lost() => {
            // Servers give many reasons where a directory has the new name.
            if matches!(core.find(to).await?, Some(entry) if entry.is_dir()) {
                return Err(is_a_directory());
            }
            core.create_directory(names::split(to).0).await?;
            core.replace(&source, &target).await
        }
        renamed => renamed,
    };
    renamed.map_err(failure)
}

/// Copies a file through this client, in place of an existing one. Creates missing directories.
pub(crate) async fn copy(core: Arc<Core>, from: String, to: String) -> Result<Metadata> {
    let file = core.find_file(&from).await?;
    check_target(&from, &to)?;
    let mut upload = Upload::begin(&core, &to, Mode::Replace)?;
    match send(&core, &from, &file, &mut upload).await {
        Ok(()) => Ok(MetadataBuilder::file(upload.complete().await?).build()),
        Err(error) => {
            upload.abort().await?;
            Err(error)
        }
    }
}

/// Reads a file into an upload.
async fn send(core: &Core, from: &str, file: &oxftp::Entry, upload: &mut Upload) -> Result<()> {
    let (source, size) = (core.remote(from)?, size(file)?);
    if size <= MOST_IN_MEMORY {
        let contents = core.pool.read(&source).await.map_err(failure)?;
        return upload.write(contents).await;
    }
    let mut blocks = core.pool.stream_range(&source, .., Some(file));
    while let Some(block) = blocks.next().await {
        upload.write(block.map_err(failure)?).await?;
    }
    Ok(())
}

fn check_target(from: &str, to: &str) -> Result<()> {
    if from == to {
        return Err(Error::new(ErrorKind::IsSameFile, "both paths are the same"));
    }
    if oxftp::is_reserved_name(names::split(to).1) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "this name is reserved for unfinished uploads and locks",
        ));
    }
    Ok(())
}

/// Size up to which a copied file is held in memory.
const MOST_IN_MEMORY: u64 = 8 << 20;
