//! Copies of objects: by the server where it can (`SITE CPFR` and `SITE CPTO`), else through this client.

use std::sync::{Arc, atomic::Ordering};

use futures_util::StreamExt;
use oxftp::{Error, RemotePath};

use crate::{
    core::Core,
    create::under_lock,
    failure::Result,
    multipart::Upload,
    names,
    write::{Target, check_stored},
};

impl Core {
    pub(crate) async fn copy(self: &Arc<Self>, from: &str, to: &str, target: Target) -> Result<()> {
        let meta = self.stat(from).await?;
        match target {
            Target::Overwrite if from == to => Ok(()),
            Target::Overwrite => self.copy_to(&meta.location, meta.size, to).await,
            Target::Create => under_lock!(self, to, self.copy_to(&meta.location, meta.size, to).await),
        }
    }

    async fn copy_to(self: &Arc<Self>, from: &str, size: u64, to: &str) -> Result<()> {
        let path = self.object_path(to)?;
        let temporary = self.temporary(to, &path);
        if temporary != path && self.copy_on_server(&self.path(from), to, &temporary, size).await {
            return self.publish(to, &temporary, &path).await.map(drop);
        }
        if size <= MOST_IN_MEMORY {
            let contents = self.read_small(from).await?;
            return self.store(to, &[contents]).await.map(drop);
        }
        let meta = self.stat(from).await?;
        let size = meta.size;
        let mut blocks = self.stream(&meta, 0..size).await?;
        let mut upload = Upload::begin(self.clone(), to)?;
        while let Some(block) = blocks.next().await {
            let stored = match block {
                Ok(block) => upload.part(vec![block]).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = stored {
                upload.abort().await?;
                return Err(failure);
            }
        }
        upload.complete().await.map(drop)
    }

    /// Has the server copy a file, as ProFTPD with mod_copy can; returns whether it did. Nothing is left of a failure.
    async fn copy_on_server(&self, from: &RemotePath, location: &str, to: &RemotePath, size: u64) -> bool {
        if self.lacks_copy.load(Ordering::Relaxed) || !is_plain(from) || !is_plain(to) {
            return false;
        }
        let directory = self.path(names::split(location).0);
        let mut is_begun = false;
        let copied: oxftp::Result<()> = async {
            let mut session = self.pool.client().await?;
            session.command(format!("SITE CPFR {from}")).expect("350").await?;
            is_begun = true;
            match session.command(format!("SITE CPTO {to}")).expect("2xx").await {
                // Perhaps its directory does not exist yet.
                Err(Error::StatusCode(_)) if !directory.is_empty() => {
                    session.create_dir_all(&directory).await?;
                    session.command(format!("SITE CPFR {from}")).expect("350").await?;
                    session.command(format!("SITE CPTO {to}")).expect("2xx").await?;
                }
                copied => drop(copied?),
            }
            check_stored(&mut session, to, size).await
        }
        .await;
        let Err(error) = copied else { return true };
        tracing::debug!("the server does not copy {from}: {error}");
        if let Error::StatusCode(refused) = &error
            && refused.info.code().is_unsupported()
        {
            self.lacks_copy.store(true, Ordering::Relaxed);
        }
        if is_begun {
            self.discard(to, from).await;
        }
        false
    }
}

/// Returns whether a server that splits the arguments of `SITE` into words joins them to the same path again: ProFTPD joins
/// them by one space, and reads quotes and backslashes.
fn is_plain(path: &RemotePath) -> bool {
    let is_odd = |byte: &u8| byte.is_ascii_control() || matches!(byte, b'"' | b'\\' | b'\'');
    let bytes = path.as_bytes();
    str::from_utf8(bytes).is_ok()
        && !bytes.iter().any(is_odd)
        && !bytes.starts_with(b" ")
        && !bytes.ends_with(b" ")
        && !bytes.windows(2).any(|pair| pair == b"  ")
}

/// Size up to which a copied object is held in memory.
const MOST_IN_MEMORY: u64 = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_servers_split_are_not_plain() {
        for (name, expected) in [
            ("data/x 1.csv", true),
            ("data/é.csv", true),
            ("two  spaces", false),
            (" leading", false),
            ("trailing ", false),
            ("quote\"d", false),
            ("back\\slash", false),
            ("tab\there", false),
        ] {
            assert_eq!(is_plain(&RemotePath::from(name)), expected, "{name:?}");
        }
    }
}
