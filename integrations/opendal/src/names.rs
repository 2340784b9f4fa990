//! Parts of a path: directory and name.

/// Splits a path into its directory, which is empty or ends with a slash, and its name, which ends with one if it is that of
/// a directory.
pub(crate) fn split(path: &str) -> (&str, &str) {
    let end = path.strip_suffix('/').unwrap_or(path).rfind('/').map_or(0, |slash| slash + 1);
    path.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_before_their_name() {
        for (path, expected) in [
            ("a/b/c", ("a/b/", "c")),
            ("a/b/", ("a/", "b/")),
            ("c", ("", "c")),
            ("c/", ("", "c/")),
            ("/", ("", "/")),
        ] {
            assert_eq!(split(path), expected, "{path:?}");
        }
    }
}
