//! The traits of OpenDAL.

use std::{fmt, sync::Arc};

use opendal_core::{
    Capability, Error, ErrorKind, OperationContext, Result,
    raw::{
        OpCopy, OpCreateDir, OpList, OpPresign, OpRead, OpRename, OpStat, OpWrite, RpCreateDir, RpPresign,
        RpRename, RpStat, Service, ServiceInfo, normalize_root, oio,
    },
};

use crate::{
    config::OXFTP_SCHEME, core::Core, delete::Deleter, list::Lister, moves, read::Reader, upload::Mode,
    write::Writer,
};

/// The service.
pub(crate) struct OxftpService {
    core: Arc<Core>,
    info: ServiceInfo,
}

impl OxftpService {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        let root = normalize_root(&core.root.to_string_lossy());
        let info = ServiceInfo::new(OXFTP_SCHEME, root, core.pool.host().to_string());
        Self { core, info }
    }
}

impl fmt::Debug for OxftpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OxftpService").field("info", &self.info).field("pool", &self.core.pool).finish()
    }
}

impl Service for OxftpService {
    type Reader = Reader;
    type Writer = Writer;
    type Lister = Lister;
    type Deleter = oio::OneShotDeleter<Deleter>;
    type Copier = oio::OneShotCopier;
    type Composer = ();

    fn info(&self) -> ServiceInfo {
        self.info.clone()
    }

    fn capability(&self) -> Capability {
        Capability {
            stat: true,
            read: true,
            read_with_suffix: true,
            write: true,
            write_can_multi: true,
            write_can_empty: true,
            write_can_append: true,
            create_dir: true,
            delete: true,
            delete_with_recursive: true,
            list: true,
            list_with_recursive: true,
            copy: true,
            rename: true,
            shared: true,
            ..Capability::default()
        }
    }

    async fn create_dir(&self, _: &OperationContext, path: &str, _: OpCreateDir) -> Result<RpCreateDir> {
        self.core.create_directory(path).await?;
        Ok(RpCreateDir::default())
    }

    async fn stat(&self, _: &OperationContext, path: &str, _: OpStat) -> Result<RpStat> {
        Ok(RpStat::new(self.core.stat(path).await?))
    }

    fn read(&self, _: &OperationContext, path: &str, _: OpRead) -> Result<Reader> {
        Ok(Reader::new(Arc::clone(&self.core), path))
    }

    fn write(&self, _: &OperationContext, path: &str, args: OpWrite) -> Result<Writer> {
        let mode = if args.append() { Mode::Append } else { Mode::Replace };
        Ok(Writer::new(Arc::clone(&self.core), path, mode))
    }

    fn delete(&self, _: &OperationContext) -> Result<Self::Deleter> {
        Ok(oio::OneShotDeleter::new(Deleter::new(Arc::clone(&self.core))))
    }

    fn list(&self, _: &OperationContext, path: &str, args: OpList) -> Result<Lister> {
        Ok(Lister::new(Arc::clone(&self.core), path, args.recursive()))
    }

    fn copy(&self, _: &OperationContext, from: &str, to: &str, _: OpCopy) -> Result<oio::OneShotCopier> {
        let (core, from, to) = (Arc::clone(&self.core), from.to_owned(), to.to_owned());
        Ok(oio::OneShotCopier::new_with(move || moves::copy(Arc::clone(&core), from.clone(), to.clone())))
    }

    async fn rename(&self, _: &OperationContext, from: &str, to: &str, _: OpRename) -> Result<RpRename> {
        moves::rename(&self.core, from, to).await?;
        Ok(RpRename::default())
    }

    async fn presign(&self, _: &OperationContext, _: &str, _: OpPresign) -> Result<RpPresign> {
        Err(Error::new(ErrorKind::Unsupported, "FTP has no signed requests"))
    }
}
