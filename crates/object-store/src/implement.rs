//! The trait of each version, over the same core.

/// Implements `ObjectStore` of one version. `$extra` are the fields that a version has besides those of 0.13.
macro_rules! implement_object_store {
    ($object_store:ident, [$($extra:ident),*]) => {
        use std::ops::Range;

        use bytes::Bytes;
        use futures_util::{StreamExt, TryStreamExt, stream, stream::BoxStream};
        use $object_store::{
            CopyMode, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
            ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
            RenameTargetMode, Result, UploadPart, path::Path,
        };

        use crate::{
            FtpStore,
            failure::{Failure, FailureKind, FtpObjectError},
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
                Ok(put_result(located(self, self.inner.put(location.as_ref(), &chunks, target).await)?))
            }

            async fn put_multipart_opts(
                &self,
                location: &Path,
                opts: PutMultipartOptions,
            ) -> Result<Box<dyn MultipartUpload>> {
                if !opts.attributes.is_empty() {
                    return Err(not_implemented("multipart upload with attributes"));
                }
                let upload = located(self, Upload::begin(self.inner.clone(), location.as_ref()))?;
                Ok(Box::new(Parts { store: self.clone(), upload }))
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
                    true => self.inner.stat(location.as_ref()).await,
                    false => self.inner.recent_or_stat(location.as_ref()).await,
                };
                let known = located(self, known)?;
                let meta = object_meta(&known)?;
                options.check_preconditions(&meta)?;
                let range = match &options.range {
                    Some(range) => located(self, range.as_range(known.size).map_err(|error| {
                        Failure::new(FailureKind::Other, location.as_ref(), error)
                    }))?,
                    None => 0..known.size,
                };
                let payload = match options.head {
                    true => stream::empty().boxed(),
                    false => {
                        let (store, blocks) = (self.clone(), self.inner.stream(&known, range.clone()).await);
                        located(self, blocks)?.map(move |block| located(&store, block)).boxed()
                    }
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
                located(self, self.inner.ranges(location.as_ref(), ranges).await)
            }

            fn delete_stream(
                &self,
                locations: BoxStream<'static, Result<Path>>,
            ) -> BoxStream<'static, Result<Path>> {
                let store = self.clone();
                let sessions = store.inner.pool.limit().max(1);
                locations
                    .map(move |location| {
                        let store = store.clone();
                        async move {
                            let location = location?;
                            located(&store, store.inner.delete(location.as_ref()).await)?;
                            Ok(location)
                        }
                    })
                    .buffered(sessions)
                    .boxed()
            }

            fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
                let prefix = prefix.map_or("", AsRef::as_ref);
                let store = self.clone();
                self.inner
                    .list_tree(prefix)
                    .map(move |meta| located(&store, meta))
                    .try_filter_map(|meta| async move { Ok(usable_meta(&meta)) })
                    .boxed()
            }

            async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
                let (mut common_prefixes, mut objects) = (Vec::new(), Vec::new());
                let listed = self.inner.list_directory(prefix.map_or("", AsRef::as_ref)).await;
                for node in located(self, listed)? {
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
                located(self, self.inner.copy(from.as_ref(), to.as_ref(), target).await)
            }

            async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
                let target = match options.target_mode {
                    RenameTargetMode::Overwrite => Target::Overwrite,
                    RenameTargetMode::Create => Target::Create,
                };
                located(self, self.inner.rename(from.as_ref(), to.as_ref(), target).await)
            }
        }

        /// Adds the URL of its object to a failure.
        fn located<T>(store: &FtpStore, outcome: $crate::failure::Result<T>) -> Result<T> {
            outcome.map_err(|failure| {
                let url = store.inner.url_of(&failure.location);
                error(failure, &url)
            })
        }

        /// A multipart upload.
        #[derive(Debug)]
        struct Parts {
            store: FtpStore,
            upload: Upload,
        }

        #[async_trait::async_trait]
        impl MultipartUpload for Parts {
            fn put_part(&mut self, data: PutPayload) -> UploadPart {
                let (store, sent) = (self.store.clone(), self.upload.part(data.into_iter().collect()));
                Box::pin(async move { located(&store, sent.await) })
            }

            async fn complete(&mut self) -> Result<PutResult> {
                let completed = self.upload.complete().await;
                Ok(put_result(located(&self.store, completed)?))
            }

            async fn abort(&mut self) -> Result<()> {
                let aborted = self.upload.abort().await;
                located(&self.store, aborted)
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

        fn error(failure: Failure, url: &str) -> Error {
            let Failure { kind, location: path, source } = failure;
            let source = Box::new(FtpObjectError::new(url, source));
            match kind {
                FailureKind::NotFound => Error::NotFound { path, source },
                FailureKind::AlreadyExists => Error::AlreadyExists { path, source },
                FailureKind::PermissionDenied => Error::PermissionDenied { path, source },
                FailureKind::Unauthenticated => Error::Unauthenticated { path, source },
                FailureKind::NotSupported => Error::NotSupported { source },
                FailureKind::Other => Error::Generic { store: "FtpStore", source },
            }
        }
    };
}
