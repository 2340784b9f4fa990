//! Boxed futures.

use std::pin::Pin;

/// A boxed future: the return type of the methods of [`Connector`](crate::connect::Connector) and
/// [`FileSystem`](crate::local_fs::FileSystem), which keeps both traits object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
