//! Writers.

use std::sync::Arc;

use opendal_core::{Buffer, Error, ErrorKind, Metadata, MetadataBuilder, Result, raw::oio};

use crate::{
    core::Core,
    upload::{Mode, Upload},
};

/// A writer of one file.
#[derive(Debug)]
pub(crate) struct Writer {
    core: Arc<Core>,
    path: String,
    mode: Mode,
    /// `None` until something is written.
    upload: Option<Upload>,
}

impl Writer {
    pub(crate) fn new(core: Arc<Core>, path: &str, mode: Mode) -> Self {
        Self { core, path: path.to_owned(), mode, upload: None }
    }

    fn upload(&mut self) -> Result<&mut Upload> {
        match &mut self.upload {
            Some(upload) => Ok(upload),
            none => Ok(none.insert(Upload::begin(&self.core, &self.path, self.mode)?)),
        }
    }
}

impl oio::Write for Writer {
    async fn write(&mut self, blocks: Buffer) -> Result<()> {
        let upload = self.upload()?;
        for block in blocks {
            upload.write(block).await?;
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<Metadata> {
        let size = self.upload()?.complete().await?;
        Ok(MetadataBuilder::file(size).build())
    }

    async fn abort(&mut self) -> Result<()> {
        let Some(upload) = self.upload.take() else { return Ok(()) };
        upload.abort().await?;
        match self.mode {
            Mode::Replace => Ok(()),
            Mode::Append => Err(Error::new(ErrorKind::Unsupported, "what was appended cannot be taken back")),
        }
    }
}
