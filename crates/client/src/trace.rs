//! Diagnostics: the macros of `tracing`, or macros that write nothing without the feature `tracing`.
//!
//! [`span!`] creates the span of an operation, and [`traced`] runs the operation in it.

use std::pin::Pin;

#[cfg(all(feature = "tracing", feature = "mirror"))]
pub(crate) use tracing::info;
#[cfg(feature = "tracing")]
pub(crate) use tracing::{Span, debug, warn};

/// The span of an operation.
#[cfg(not(feature = "tracing"))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span;

#[cfg(not(feature = "tracing"))]
pub(crate) use self::ignored as debug;
#[cfg(all(not(feature = "tracing"), feature = "mirror"))]
pub(crate) use self::ignored as info;
#[cfg(not(feature = "tracing"))]
pub(crate) use self::ignored as warn;

/// Uses the arguments of a diagnostic message, and writes nothing.
#[cfg(not(feature = "tracing"))]
macro_rules! ignored {
    (target: $target:literal, $($rest:tt)*) => { $crate::trace::debug!($($rest)*) };
    (?$field:ident, $($rest:tt)*) => {{ let _ = &$field; $crate::trace::debug!($($rest)*) }};
    (%$field:ident, $($rest:tt)*) => {{ let _ = &$field; $crate::trace::debug!($($rest)*) }};
    ($key:ident = ?$field:expr, $($rest:tt)*) => {{ let _ = &$field; $crate::trace::debug!($($rest)*) }};
    ($key:ident = %$field:expr, $($rest:tt)*) => {{ let _ = &$field; $crate::trace::debug!($($rest)*) }};
    ($key:ident = $field:expr, $($rest:tt)*) => {{ let _ = &$field; $crate::trace::debug!($($rest)*) }};
    ($field:ident, $($rest:tt)*) => {{ let _ = &$field; $crate::trace::debug!($($rest)*) }};
    ($($text:tt)*) => { if false { let _ = ::std::format_args!($($text)*); } };
}
#[cfg(not(feature = "tracing"))]
pub(crate) use ignored;

/// Creates the span of an operation on a host. Values must not contain secrets.
#[cfg(feature = "tracing")]
macro_rules! span {
    ($name:literal, $host:expr $(, $field:ident = $value:expr)*) => {
        ::tracing::info_span!(
            target: "oxftp::operation", $name, host = %$host $(, $field = %$value)*,
            bytes = ::tracing::field::Empty, files = ::tracing::field::Empty, failures = ::tracing::field::Empty,
            entries = ::tracing::field::Empty, error = ::tracing::field::Empty,
        )
    };
}
#[cfg(not(feature = "tracing"))]
macro_rules! span {
    ($name:literal, $host:expr $(, $field:ident = $value:expr)*) => {{
        let _ = (&$host, $(&$value),*);
        $crate::trace::Span
    }};
}
pub(crate) use span;

/// Runs an operation in its span, and records the outcome there. The operation is boxed: its future would be held twice
/// otherwise, and jobs have large ones.
pub(crate) async fn traced<T: SpanOutcome, E: SpanOutcome, W: Future<Output = Result<T, E>>>(
    span: Span,
    work: Pin<Box<W>>,
) -> Result<T, E> {
    #[cfg(feature = "tracing")]
    let outcome = tracing::Instrument::instrument(work, span.clone()).await;
    #[cfg(not(feature = "tracing"))]
    let outcome = work.await;
    match &outcome {
        Ok(done) => done.record(&span),
        Err(error) => error.record(&span),
    }
    outcome
}

/// Runs a task in the span of the operation that spawns it.
pub(crate) fn in_current_span<F: Future>(task: F) -> impl Future<Output = F::Output> {
    #[cfg(feature = "tracing")]
    return tracing::Instrument::in_current_span(task);
    #[cfg(not(feature = "tracing"))]
    task
}

/// The result of an operation, which its span shows.
pub(crate) trait SpanOutcome {
    fn record(&self, _span: &Span) {}
}

impl SpanOutcome for () {}

impl SpanOutcome for oxftp_proto::Reply {}

/// The number of bytes of one file.
impl SpanOutcome for u64 {
    fn record(&self, span: &Span) {
        set(span, "bytes", *self);
    }
}

impl SpanOutcome for bytes::Bytes {
    fn record(&self, span: &Span) {
        set(span, "bytes", self.len() as u64);
    }
}

/// Sets a field of a span.
pub(crate) fn set(span: &Span, field: &'static str, value: impl std::fmt::Display) {
    #[cfg(feature = "tracing")]
    span.record(field, tracing::field::display(value));
    #[cfg(not(feature = "tracing"))]
    let _ = (span, field, value);
}
