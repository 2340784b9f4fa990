//! The directory tree of a memory file system.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io::{self, ErrorKind},
    mem,
    path::{Component, Path},
    time::SystemTime,
};

use super::file::SharedContent;
use crate::local_fs::{CreateDirOptions, FileKind, Metadata, OpenMode};

/// All directories and file names.
pub(crate) struct Tree {
    root: TreeNode,
}

pub(crate) enum TreeNode {
    File(SharedContent),
    Directory(TreeDirectory),
}

pub(crate) struct TreeDirectory {
    pub(crate) children: BTreeMap<OsString, TreeNode>,
    modified: SystemTime,
}

impl Tree {
    pub(crate) fn node(&self, path: &Path) -> io::Result<&TreeNode> {
        self.at(&names(path))
    }

    pub(crate) fn create_dir(&mut self, path: &Path, options: CreateDirOptions) -> io::Result<()> {
        let names = names(path);
        let Some((last, parents)) = names.split_last() else {
            return if options.exist_ok { Ok(()) } else { Err(ErrorKind::AlreadyExists.into()) };
        };
        let parent = self.parent(parents, options.parents)?;
        match parent.children.get(*last) {
            None => parent.insert(last, TreeNode::Directory(TreeDirectory::default())),
            Some(TreeNode::Directory(_)) if options.exist_ok => {}
            Some(_) => return Err(ErrorKind::AlreadyExists.into()),
        }
        Ok(())
    }

    pub(crate) fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        let names = names(path);
        let Some((last, parents)) = names.split_last() else { return Err(ErrorKind::ResourceBusy.into()) };
        if !self.at(&names)?.directory()?.children.is_empty() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        self.parent(parents, false)?.remove(last);
        Ok(())
    }

    pub(crate) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        let names = names(path);
        self.at(&names)?.file()?;
        if let Some((last, parents)) = names.split_last() {
            self.parent(parents, false)?.remove(last);
        }
        Ok(())
    }

    pub(crate) fn open(&mut self, path: &Path, mode: OpenMode) -> io::Result<SharedContent> {
        let names = names(path);
        let Some((last, parents)) = names.split_last() else { return Err(ErrorKind::IsADirectory.into()) };
        let parent = self.parent(parents, false)?;
        match parent.children.get(*last) {
            Some(_) if mode.is_exclusive() => Err(ErrorKind::AlreadyExists.into()),
            Some(node) => node.file().inspect(|content| {
                if mode == OpenMode::Write {
                    content.lock().clear();
                }
            }),
            None if mode.creates() => {
                let content = SharedContent::default();
                parent.insert(last, TreeNode::File(content.clone()));
                Ok(content)
            }
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (names(from), names(to));
        let source = self.at(&from)?;
        if from == to {
            return Ok(());
        }
        if matches!(source, TreeNode::Directory(_)) && to.starts_with(&from) {
            return Err(ErrorKind::InvalidInput.into());
        }
        match self.at(&to) {
            Ok(target) => source.may_replace(target)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let (Some((from, from_parents)), Some((to, to_parents))) = (from.split_last(), to.split_last())
        else {
            return Err(ErrorKind::ResourceBusy.into());
        };
        // The fallible lookup comes first, so that no file is lost if it fails.
        self.parent(to_parents, false)?;
        if let Some(node) = self.parent(from_parents, false)?.remove(from) {
            self.parent(to_parents, false)?.insert(to, node);
        }
        Ok(())
    }

    pub(crate) fn set_modified(&mut self, path: &Path, time: SystemTime) -> io::Result<()> {
        let names = names(path);
        match self.at(&names)? {
            TreeNode::File(content) => content.lock().modified = time,
            TreeNode::Directory(_) => self.parent(&names, false)?.modified = time,
        }
        Ok(())
    }

    fn at(&self, names: &[&OsStr]) -> io::Result<&TreeNode> {
        names.iter().try_fold(&self.root, |node, name| {
            node.directory()?.children.get(*name).ok_or_else(|| ErrorKind::NotFound.into())
        })
    }

    /// Returns a directory; with `create`, creates missing ones on the way.
    fn parent(&mut self, names: &[&OsStr], create: bool) -> io::Result<&mut TreeDirectory> {
        let mut directory = self.root.directory_mut()?;
        for name in names {
            if create && !directory.children.contains_key(*name) {
                directory.insert(name, TreeNode::Directory(TreeDirectory::default()));
            }
            directory = directory.children.get_mut(*name).ok_or(ErrorKind::NotFound)?.directory_mut()?;
        }
        Ok(directory)
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self { root: TreeNode::Directory(TreeDirectory::default()) }
    }
}

impl TreeNode {
    pub(crate) fn kind(&self) -> FileKind {
        match self {
            Self::File(_) => FileKind::File,
            Self::Directory(_) => FileKind::Directory,
        }
    }

    pub(crate) fn metadata(&self) -> Metadata {
        match self {
            Self::File(content) => {
                let content = content.lock();
                Metadata::new(FileKind::File, content.len()).with_modified(content.modified)
            }
            Self::Directory(directory) => {
                Metadata::new(FileKind::Directory, 0).with_modified(directory.modified)
            }
        }
    }

    pub(crate) fn file(&self) -> io::Result<SharedContent> {
        match self {
            Self::File(content) => Ok(content.clone()),
            Self::Directory(_) => Err(ErrorKind::IsADirectory.into()),
        }
    }

    pub(crate) fn directory(&self) -> io::Result<&TreeDirectory> {
        match self {
            Self::Directory(directory) => Ok(directory),
            Self::File(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn directory_mut(&mut self) -> io::Result<&mut TreeDirectory> {
        match self {
            Self::Directory(directory) => Ok(directory),
            Self::File(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    // The rules of rename(2).
    fn may_replace(&self, target: &Self) -> io::Result<()> {
        match (self, target) {
            (Self::File(_), Self::File(_)) => Ok(()),
            (Self::File(_), Self::Directory(_)) => Err(ErrorKind::IsADirectory.into()),
            (Self::Directory(_), Self::File(_)) => Err(ErrorKind::NotADirectory.into()),
            (Self::Directory(_), Self::Directory(target)) if target.children.is_empty() => Ok(()),
            (Self::Directory(_), Self::Directory(_)) => Err(ErrorKind::DirectoryNotEmpty.into()),
        }
    }
}

impl TreeDirectory {
    fn insert(&mut self, name: &OsStr, node: TreeNode) {
        self.children.insert(name.to_owned(), node);
        self.modified = SystemTime::now();
    }

    fn remove(&mut self, name: &OsStr) -> Option<TreeNode> {
        self.modified = SystemTime::now();
        self.children.remove(name)
    }
}

impl Default for TreeDirectory {
    fn default() -> Self {
        Self { children: BTreeMap::new(), modified: SystemTime::now() }
    }
}

// Iterative: a recursive drop of a very deep tree would overflow the stack.
impl Drop for TreeDirectory {
    fn drop(&mut self) {
        let mut pending: Vec<_> = mem::take(&mut self.children).into_values().collect();
        while let Some(node) = pending.pop() {
            if let TreeNode::Directory(mut directory) = node {
                pending.extend(mem::take(&mut directory.children).into_values());
            }
        }
    }
}

/// Splits a path into names below the root; ignores a drive letter.
fn names(path: &Path) -> Vec<&OsStr> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name),
            Component::ParentDir => drop(names.pop()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    names
}
