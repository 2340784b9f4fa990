//! Files and directories of a tree that a file names.

use std::collections::HashSet;

use oxftp::{Candidate, Selection};

use super::operands::read_names;
use crate::{
    args::ListedArgs,
    failure::{Failure, Result},
};

/// Returns the selection of the named files and directories; `None` without the flags.
pub(crate) fn listed(args: &ListedArgs) -> Result<Option<Selection>> {
    let (path, separator) = match (&args.files_from, &args.files_from0) {
        (Some(path), _) => (path, b'\n'),
        (None, Some(path)) => (path, 0),
        (None, None) => return Ok(None),
    };
    let mut paths = ListedPaths::default();
    for name in read_names(path, separator)? {
        let name = String::from_utf8_lossy(&name);
        if !paths.add(&name) {
            return Err(Failure::Usage(format!(
                "{name:?} is not below the trees: names are relative to them"
            )));
        }
    }
    Ok(Some(Selection::new(move |candidate| paths.accepts(candidate))))
}

/// Paths relative to the root of a tree.
#[derive(Debug, Default)]
struct ListedPaths {
    listed: HashSet<String>,
    /// The directories that contain them.
    parents: HashSet<String>,
    /// The root itself is listed.
    everything: bool,
}

impl ListedPaths {
    /// Adds a path; returns `false` if it is not below the root.
    fn add(&mut self, name: &str) -> bool {
        let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if name.starts_with('/') || parts.contains(&"..") {
            return false;
        }
        self.everything |= parts.is_empty();
        for end in 1..parts.len() {
            self.parents.insert(parts[..end].join("/"));
        }
        self.listed.insert(parts.join("/"));
        true
    }

    fn accepts(&self, candidate: &Candidate<'_>) -> bool {
        let path = candidate.path;
        let mut directories = path.match_indices('/').map(|(end, _)| &path[..end]);
        self.everything
            || self.listed.contains(path)
            || candidate.is_dir && self.parents.contains(path)
            || directories.any(|directory| self.listed.contains(directory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_paths_include_their_directories_and_contents() {
        let mut paths = ListedPaths::default();
        assert!(["./a/b.txt", "c//d/", "e"].iter().all(|name| paths.add(name)));
        let accepts = |path, is_dir| paths.accepts(&Candidate { path, is_dir, size: None, modified: None });

        for (path, is_dir) in
            [("a", true), ("a/b.txt", false), ("c/d", true), ("c/d/x/y", false), ("e", false)]
        {
            assert!(accepts(path, is_dir), "{path}");
        }
        for (path, is_dir) in
            [("a", false), ("a/c.txt", false), ("c/e", true), ("b.txt", false), ("e2", false)]
        {
            assert!(!accepts(path, is_dir), "{path}");
        }
        assert!(!paths.add("../x") && !paths.add("/x"));
        assert!(paths.add("."));
        assert!(paths.accepts(&Candidate { path: "z", is_dir: false, size: None, modified: None }));
    }
}
