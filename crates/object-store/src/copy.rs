//! Copies of objects, through this client.

use std::sync::Arc;

use futures_util::StreamExt;

use crate::{core::Core, create::under_lock, failure::Result, multipart::Upload, write::Target};

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
}

/// Size up to which a copied object is held in memory.
const MOST_IN_MEMORY: u64 = 8 << 20;
