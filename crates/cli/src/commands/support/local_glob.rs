//! Patterns in local paths, for systems whose shell expands none and for patterns in quotes.

use std::{
    fs,
    path::{MAIN_SEPARATOR, Path, PathBuf},
};

use super::url_glob::{NamePattern, Names, UrlGlob, alternatives};
use crate::failure::{Failure, Result};

/// Returns the paths that match, sorted; a path that exists, or that has no pattern, stands for itself.
pub(crate) fn expand(path: &Path) -> Result<Vec<PathBuf>> {
    let itself = || Ok(vec![path.to_owned()]);
    let Some(text) = path.to_str().filter(|_| fs::symlink_metadata(path).is_err()) else { return itself() };
    let invalid = |why: String| Failure::Usage(format!("the pattern {text:?} cannot be used: {why}"));
    // In URLs, a percent sign begins an encoded byte, and only a slash divides names.
    let encoded = text.replace('%', "%25");
    let encoded = if MAIN_SEPARATOR == '\\' { encoded.replace('\\', "/") } else { encoded };
    let encoded = alternatives(&encoded);
    let globs = encoded.iter().map(|one| UrlGlob::parse(one).map_err(invalid));
    let globs = globs.collect::<Result<Vec<_>>>()?;
    if globs.iter().all(Option::is_none) && encoded.len() == 1 {
        return itself();
    }
    let mut found = Vec::new();
    for (glob, encoded) in globs.into_iter().zip(&encoded) {
        match glob {
            None => found.push(PathBuf::from(encoded.replace("%25", "%"))),
            Some(glob) => {
                let base = PathBuf::from(String::from_utf8_lossy(&glob.base).into_owned());
                let mut matching = match &glob.names {
                    Names::Levels(levels) => matching_by_level(base, levels),
                    Names::Tree(pattern) => matching_in_tree(base, pattern),
                };
                matching.sort();
                found.append(&mut matching);
            }
        }
    }
    match found.is_empty() {
        true => Err(Failure::NoMatch { pattern: text.to_owned() }),
        false => Ok(found),
    }
}

fn matching_by_level(base: PathBuf, levels: &[NamePattern]) -> Vec<PathBuf> {
    levels.iter().fold(vec![base], |directories, pattern| {
        let entries = directories.iter().flat_map(|directory| entries(directory));
        entries.filter(|(name, _)| pattern.matches(name)).map(|(_, path)| path).collect()
    })
}

fn matching_in_tree(base: PathBuf, pattern: &NamePattern) -> Vec<PathBuf> {
    let mut matching = Vec::new();
    let mut waiting = vec![(String::new(), base)];
    while let Some((above, directory)) = waiting.pop() {
        for (name, path) in entries(&directory) {
            let below = if above.is_empty() { name } else { format!("{above}/{name}") };
            if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
                waiting.push((below.clone(), path.clone()));
            }
            if pattern.matches(&below) {
                matching.push(path);
            }
        }
    }
    matching
}

/// Returns names and paths of the entries of a directory; those of an unreadable one match nothing.
fn entries(directory: &Path) -> Vec<(String, PathBuf)> {
    let read = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let entries = fs::read_dir(read).into_iter().flatten().flatten();
    let named = entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.file_name()));
    named.map(|(text, name)| (text, directory.join(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glob_in_local_path_matches_files() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        for name in ["1.csv", "2.csv", "100%.txt", ".csv", "a/3.csv", "a/b/4.csv", "[x]"] {
            fs::write(root.join(name), "").unwrap();
        }
        let expanded = |pattern: &str| {
            let found = expand(&root.join(pattern)).unwrap();
            let names =
                found.iter().map(|path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            names.collect::<Vec<_>>().join(" ")
        };

        assert_eq!(expanded("*.csv"), "1.csv 2.csv");
        assert_eq!(expanded("100%*"), "100%.txt");
        assert_eq!(expanded("**/*.csv"), "1.csv 2.csv a/3.csv a/b/4.csv");
        assert_eq!(expanded("a*/[b]/*"), "a/b/4.csv");
        assert_eq!(expanded("{2,missing}.csv"), "2.csv missing.csv");
        assert_eq!(expanded("[x]"), "[x]");
        assert_eq!(expanded("missing"), "missing");
        assert!(matches!(expand(&root.join("*.gz")), Err(Failure::NoMatch { .. })));
    }
}
