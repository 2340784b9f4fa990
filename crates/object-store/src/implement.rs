//! The trait of each version, over the same core.

/// Implements `ObjectStore` of one version. `$extra` are the fields that a version has besides those of 0.13.
macro_rules! implement_object_store {
    ($object_store:ident, [$($extra:ident),*]) => {
        use std::{ops::Range, sync::Arc};

        use bytes::Bytes;
        use futures_util::{StreamExt, TryStreamExt, stream, stream::BoxStream};
        use $object_store::{
            CopyMode, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
            ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
            RenameTargetMode, Result, UploadPart, path::Path,
        };

        use crate::{
            FtpStore,
            failure::{Failure, FailureKind},
            list::Node,
            meta::Meta,
            multipart::Upload,
            write::Target,
        };

        #[async_trait::async_trait]
        impl ObjectStore for FtpStore {
            async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
                if !opts.attributes.is_empty() {
                    return Err(not_implemented("put with attributes"));
                }
                let target = match opts.mode {
                    PutMode::Overwrite => Target::Overwrite,
                    PutMode::Create => Target::Create,
                    PutMode::Update(_) => return Err(not_implemented("put with the mode Update")),
                };
                let chunks: Vec<Bytes> = payload.into_iter().collect();
                Ok(put_result(self.inner.put(location.as_ref(), &chunks, target).await?))
            }

            async fn put_multipart_opts(
                &self,
                location: &Path,
                opts: PutMultipartOptions,
            ) -> Result<Box<dyn MultipartUpload>> {
                if !opts.attributes.is_empty() {
                    return Err(not_implemented("multipart upload with attributes"));
                }
                let upload = Upload::begin(self.inner.clone(), location.as_ref())?;
                Ok(Box::new(Parts(upload)))
            }

            async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
                if options.version.is_some() {
                    return Err(not_implemented("get of a version"));
                }
                let is_conditional = options.if_match.is_some()
                    || options.if_none_match.is_some()
                    || options.if_modified_since.is_some()
                    || options.if_unmodified_since.is_some();
                let known = match options.head || is_conditional {
                    true => self.inner.stat(location.as_ref()).await?,
                    false => self.inner.recent_or_stat(location.as_ref()).await?,
                };
                let meta = object_meta(&known)?;
                options.check_preconditions(&meta)?;
                let range = match &options.range {
                    Some(range) => range.as_range(known.size).map_err(|error| {
                        Failure::new(FailureKind::Other, location.as_ref(), error)
                    })?,
                    None => 0..known.size,
                };
                let payload = match options.head {
                    true => stream::empty().boxed(),
                    false => self.inner.stream(&known, range.clone()).await?.map_err(Error::from).boxed(),
                };
                Ok(GetResult {
                    payload: GetResultPayload::Stream(payload),
                    meta,
                    range,
                    attributes: Default::default(),
                    $($extra: Default::default(),)*
                })
            }

            async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
                Ok(self.inner.ranges(location.as_ref(), ranges).await?)
            }

            fn delete_stream(
                &self,
                locations: BoxStream<'static, Result<Path>>,
            ) -> BoxStream<'static, Result<Path>> {
                let core = self.inner.clone();
                let sessions = core.pool.limit().max(1);
                locations
                    .map(move |location| {
                        let core = Arc::clone(&core);
                        async move {
                            let location = location?;
                            core.delete(location.as_ref()).await?;
                            Ok(location)
                        }
                    })
                    .buffered(sessions)
                    .boxed()
            }

            fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
                let prefix = prefix.map_or("", AsRef::as_ref);
                self.inner
                    .list_tree(prefix)
                    .map_err(Error::from)
                    .try_filter_map(|meta| async move { Ok(usable_meta(&meta)) })
                    .boxed()
            }

            async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
                let (mut common_prefixes, mut objects) = (Vec::new(), Vec::new());
                for node in self.inner.list_directory(prefix.map_or("", AsRef::as_ref)).await? {
                    match node {
                        Node::Object(meta) => objects.extend(usable_meta(&meta)),
                        Node::Directory(location) => common_prefixes.extend(usable_path(&location)),
                    }
                }
                Ok(ListResult { common_prefixes, objects, $($extra: Default::default(),)* })
            }

            async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
                let target = match options.mode {
                    CopyMode::Overwrite => Target::Overwrite,
                    CopyMode::Create => Target::Create,
                };
                Ok(self.inner.copy(from.as_ref(), to.as_ref(), target).await?)
            }

            async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
                let target = match options.target_mode {
                    RenameTargetMode::Overwrite => Target::Overwrite,
                    RenameTargetMode::Create => Target::Create,
                };
                Ok(self.inner.rename(from.as_ref(), to.as_ref(), target).await?)
            }
        }

        /// A multipart upload.
        #[derive(Debug)]
        struct Parts(Upload);

        #[async_trait::async_trait]
        impl MultipartUpload for Parts {
            fn put_part(&mut self, data: PutPayload) -> UploadPart {
                let sent = self.0.part(data.into_iter().collect());
                Box::pin(async { Ok(sent.await?) })
            }

            async fn complete(&mut self) -> Result<PutResult> {
                Ok(put_result(self.0.complete().await?))
            }

            async fn abort(&mut self) -> Result<()> {
                Ok(self.0.abort().await?)
            }
        }

        fn put_result(e_tag: Option<String>) -> PutResult {
            PutResult { e_tag, version: None, $($extra: Default::default(),)* }
        }

        fn object_meta(meta: &Meta) -> Result<ObjectMeta> {
            let location = Path::parse(&meta.location)?;
            let (last_modified, size, e_tag) = (meta.modified, meta.size, meta.etag.clone());
            Ok(ObjectMeta { location, last_modified, size, e_tag, version: None })
        }

        /// Returns `None` for a name that no object can have.
        fn usable_meta(meta: &Meta) -> Option<ObjectMeta> {
            usable_path(&meta.location).and_then(|_| object_meta(meta).ok())
        }

        fn usable_path(location: &str) -> Option<Path> {
            // Slashes at the ends would be removed.
            let path = Path::parse(location).ok().filter(|path| path.as_ref() == location);
            if path.is_none() {
                tracing::warn!("{location:?} is left out: no object can have this name");
            }
            path
        }

        fn not_implemented(operation: &str) -> Error {
            Error::NotImplemented { operation: operation.to_owned(), implementer: "FtpStore".to_owned() }
        }

        impl From<Failure> for Error {
            fn from(failure: Failure) -> Self {
                let Failure { kind, location: path, source } = failure;
                match kind {
                    FailureKind::NotFound => Self::NotFound { path, source },
                    FailureKind::AlreadyExists => Self::AlreadyExists { path, source },
                    FailureKind::PermissionDenied => Self::PermissionDenied { path, source },
                    FailureKind::Unauthenticated => Self::Unauthenticated { path, source },
                    FailureKind::NotSupported => Self::NotSupported { source },
                    FailureKind::Other => {
                        let source = format!("{path}: {}", chain(&*source)).into();
                        Self::Generic { store: "FtpStore", source }
                    }
                }
            }
        }

        /// Returns the texts of an error and of its sources.
        fn chain(error: &dyn std::error::Error) -> String {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(error) = source {
                text.push_str(": ");
                text.push_str(&error.to_string());
                source = error.source();
            }
            text
        }
    };
}
