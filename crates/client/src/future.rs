//! Boxed futures, which keep traits object-safe.

use std::pin::Pin;

/// A boxed future: what the methods of [`Connector`](crate::connect::Connector) and
/// [`PathIo`](crate::local_fs::PathIo) return, so that both stay object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
