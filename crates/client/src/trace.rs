//! Diagnostics: the macros of `tracing`, or macros that write nothing without the feature `tracing`.

#[cfg(all(feature = "tracing", feature = "mirror"))]
pub(crate) use tracing::info;
#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, warn};

#[cfg(not(feature = "tracing"))]
pub(crate) use self::ignored as debug;
#[cfg(all(not(feature = "tracing"), feature = "mirror"))]
pub(crate) use self::ignored as info;
#[cfg(not(feature = "tracing"))]
pub(crate) use self::ignored as warn;

/// Uses what would be written, and writes nothing.
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
