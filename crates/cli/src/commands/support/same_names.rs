//! Sources that would get one name at their destination.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use crate::failure::{Failure, Result};

/// Fails if two of the sources would get the same name in a directory: one would replace the other. `folds_case` says
/// whether names that differ in case are the same there.
pub(crate) fn refuse_same_names<'a>(
    sources: impl Iterator<Item = (String, Option<&'a OsStr>)>,
    directory: &str,
    folds_case: impl FnOnce() -> bool,
) -> Result {
    let mut by_name: HashMap<String, (String, &OsStr)> = HashMap::new();
    let mut folds_case = Some(folds_case);
    let mut folds = None;
    for (source, name) in sources {
        let Some(name) = name else { continue };
        let folded = name.to_string_lossy().to_lowercase();
        let Some((other, other_name)) = by_name.get(&folded) else {
            by_name.insert(folded, (source, name));
            continue;
        };
        let is_same = *other_name == name
            || *folds.get_or_insert_with(|| folds_case.take().is_some_and(|folds_case| folds_case()));
        if is_same && *other != source {
            let target = Path::new(directory).join(name);
            let (target, text) = (target.display(), "use different directories for them");
            return Err(Failure::Usage(format!("{other} and {source} would both become {target}: {text}")));
        }
    }
    Ok(())
}

/// Returns whether the file system of a directory, which need not exist yet, takes `A` and `a` for one name.
pub(crate) fn folds_case(directory: &Path) -> bool {
    let Ok(absolute) = std::path::absolute(directory) else { return false };
    absolute.ancestors().filter(|path| path.exists()).find_map(has_other_spelling).unwrap_or(false)
}

/// Returns whether an existing path can be opened with its last name in other case; `None` if that has no letters.
fn has_other_spelling(path: &Path) -> Option<bool> {
    let name = path.file_name()?.to_str()?;
    let swapped: String = name
        .chars()
        .map(|letter| match letter.is_ascii_lowercase() {
            true => letter.to_ascii_uppercase(),
            false => letter.to_ascii_lowercase(),
        })
        .collect();
    if swapped == name {
        return None;
    }
    let other: PathBuf = path.with_file_name(swapped);
    Some(match (fs::canonicalize(path), fs::canonicalize(other)) {
        // The resolved path has the stored spelling on such file systems.
        (Ok(path), Ok(other)) => path == other,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(names: &[(&str, &str)], folds: bool) -> Option<String> {
        let sources = names.iter().map(|(source, name)| ((*source).to_owned(), Some(OsStr::new(*name))));
        match refuse_same_names(sources, "d", || folds) {
            Err(Failure::Usage(text)) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn two_sources_with_one_name_are_refused() {
        let both = refused(&[("a/x", "x"), ("b/x", "x")], false).unwrap();
        assert!(both.contains("a/x and b/x would both become d/x"), "{both}");
        assert_eq!(refused(&[("a/x", "x"), ("b/X", "X")], false), None);
        assert!(refused(&[("a/x", "x"), ("b/X", "X")], true).is_some());
        assert_eq!(refused(&[("x", "x"), ("x", "x"), ("y", "y")], true), None);
    }

    #[test]
    fn case_of_the_file_system_is_measured() {
        let local = tempfile::tempdir().unwrap();
        let directory = local.path().join("Name");
        fs::create_dir(&directory).unwrap();

        let folds = folds_case(&directory.join("1/2"));

        assert_eq!(folds, local.path().join("nAME").exists());
    }
}
