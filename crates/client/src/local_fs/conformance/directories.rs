//! Rules for directories, and for removing and renaming.

use std::io::ErrorKind;
use std::path::Path;

use super::ConformanceRule;
use super::assertions::{
    Outcome, expect_content, expect_equal, expect_error, expect_kind, expect_names, make_dir, put,
};
use crate::local_fs::{CreateDirOptions, FileKind, FileSystem};

#[rustfmt::skip]
pub(crate) const RULES: &[ConformanceRule] = &[
    ("create_dir creates a directory", |fs, dir| Box::pin(create_dir_creates(fs, dir))),
    ("create_dir of an existing path is AlreadyExists", |fs, dir| Box::pin(create_dir_rejects_existing(fs, dir))),
    ("create_dir with exist_ok accepts a directory but not a file", |fs, dir| Box::pin(create_dir_exist_ok(fs, dir))),
    ("create_dir without parents is NotFound below a missing directory", |fs, dir| Box::pin(create_dir_needs_parent(fs, dir))),
    ("create_dir with parents creates them, and only the last must be new", |fs, dir| Box::pin(create_dir_parents(fs, dir))),
    ("remove_dir removes an empty directory only", |fs, dir| Box::pin(remove_dir_removes_empty(fs, dir))),
    ("remove_dir of a missing path is NotFound, of a file an error", |fs, dir| Box::pin(remove_dir_rejects(fs, dir))),
    ("remove_file removes a file", |fs, dir| Box::pin(remove_file_removes(fs, dir))),
    ("remove_file of a missing path is NotFound, of a directory an error", |fs, dir| Box::pin(remove_file_rejects(fs, dir))),
    ("try_exists, is_dir and is_file distinguish files, directories and missing paths", |fs, dir| Box::pin(queries(fs, dir))),
    ("read_dir returns path and kind of each child and of no grandchild", |fs, dir| Box::pin(read_dir_returns_children(fs, dir))),
    ("read_dir of a missing path is NotFound, of a file NotADirectory", |fs, dir| Box::pin(read_dir_rejects(fs, dir))),
    ("metadata of a missing path is NotFound, of a directory returns its kind", |fs, dir| Box::pin(metadata_of_others(fs, dir))),
    ("rename moves a file with its content", |fs, dir| Box::pin(rename_moves(fs, dir))),
    ("rename replaces a file", |fs, dir| Box::pin(rename_replaces(fs, dir))),
    ("rename to itself changes nothing", |fs, dir| Box::pin(rename_to_itself(fs, dir))),
    ("rename moves a directory with its content", |fs, dir| Box::pin(rename_moves_directory(fs, dir))),
    ("rename from a missing path or below a missing directory is NotFound", |fs, dir| Box::pin(rename_needs_both(fs, dir))),
    ("rename of a file over a directory is an error", |fs, dir| Box::pin(rename_keeps_directory(fs, dir))),
    ("rename of a directory into itself is an error", |fs, dir| Box::pin(rename_into_itself(fs, dir))),
];

async fn create_dir_creates(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let new = dir.join("new");
    make_dir(fs, &new).await?;
    expect_equal("is_dir", fs.is_dir(&new).await?, true)?;
    expect_names(fs, &new, &[]).await
}

async fn create_dir_rejects_existing(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let strict = CreateDirOptions::default();
    put(fs, &dir.join("file"), b"kept").await?;
    expect_kind("create_dir of a directory", fs.create_dir(dir, strict).await, ErrorKind::AlreadyExists)?;
    expect_kind(
        "create_dir of a file",
        fs.create_dir(&dir.join("file"), strict).await,
        ErrorKind::AlreadyExists,
    )?;
    expect_content(fs, &dir.join("file"), b"kept").await
}

async fn create_dir_exist_ok(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let lenient = CreateDirOptions { parents: false, exist_ok: true };
    put(fs, &dir.join("file"), b"kept").await?;
    fs.create_dir(dir, lenient).await?;
    expect_kind(
        "create_dir of a file",
        fs.create_dir(&dir.join("file"), lenient).await,
        ErrorKind::AlreadyExists,
    )?;
    expect_content(fs, &dir.join("file"), b"kept").await
}

async fn create_dir_needs_parent(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let lenient = CreateDirOptions { parents: false, exist_ok: true };
    expect_kind("create_dir", fs.create_dir(&dir.join("a/b"), lenient).await, ErrorKind::NotFound)?;
    expect_names(fs, dir, &[]).await
}

async fn create_dir_parents(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let parents = CreateDirOptions { parents: true, exist_ok: false };
    fs.create_dir(&dir.join("a/b/c"), parents).await?;
    fs.create_dir(&dir.join("a/b/d"), parents).await?;
    expect_names(fs, &dir.join("a/b"), &["c", "d"]).await?;
    let again = fs.create_dir(&dir.join("a/b"), parents).await;
    expect_kind("create_dir of an existing directory", again, ErrorKind::AlreadyExists)?;
    put(fs, &dir.join("file"), b"").await?;
    expect_error("create_dir below a file", fs.create_dir(&dir.join("file/a/b"), parents).await)
}

async fn remove_dir_removes_empty(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let (outer, inner) = (dir.join("a"), dir.join("a/b"));
    make_dir(fs, &outer).await?;
    make_dir(fs, &inner).await?;
    expect_error("remove_dir of a directory that is not empty", fs.remove_dir(&outer).await)?;
    fs.remove_dir(&inner).await?;
    fs.remove_dir(&outer).await?;
    expect_names(fs, dir, &[]).await
}

async fn remove_dir_rejects(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("file"), b"kept").await?;
    expect_kind("remove_dir", fs.remove_dir(&dir.join("none")).await, ErrorKind::NotFound)?;
    expect_error("remove_dir of a file", fs.remove_dir(&dir.join("file")).await)?;
    expect_content(fs, &dir.join("file"), b"kept").await
}

async fn remove_file_removes(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("file"), b"gone").await?;
    put(fs, &dir.join("other"), b"kept").await?;
    fs.remove_file(&dir.join("file")).await?;
    expect_names(fs, dir, &["other"]).await
}

async fn remove_file_rejects(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    make_dir(fs, &dir.join("dir")).await?;
    expect_kind("remove_file", fs.remove_file(&dir.join("none")).await, ErrorKind::NotFound)?;
    expect_error("remove_file of a directory", fs.remove_file(&dir.join("dir")).await)?;
    expect_names(fs, dir, &["dir"]).await
}

async fn queries(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    make_dir(fs, &dir.join("dir")).await?;
    put(fs, &dir.join("file"), b"").await?;
    let expected = [
        ("dir", [true, true, false]),
        ("file", [true, false, true]),
        ("none", [false, false, false]),
        ("none/below", [false, false, false]),
        ("file/below", [false, false, false]),
    ];
    for (name, answers) in expected {
        let path = dir.join(name);
        let found = [fs.try_exists(&path).await?, fs.is_dir(&path).await?, fs.is_file(&path).await?];
        expect_equal(&format!("try_exists, is_dir, is_file of {name:?}"), found, answers)?;
    }
    Ok(())
}

async fn read_dir_returns_children(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    make_dir(fs, &dir.join("dir")).await?;
    put(fs, &dir.join("dir/below"), b"").await?;
    put(fs, &dir.join("file"), b"").await?;
    let mut found: Vec<_> = fs.read_dir(dir).await?.into_iter().map(|item| (item.path, item.kind)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = vec![(dir.join("dir"), FileKind::Directory), (dir.join("file"), FileKind::File)];
    expect_equal("the listing", found, expected)
}

async fn read_dir_rejects(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("file"), b"").await?;
    expect_kind("read_dir of a missing path", fs.read_dir(&dir.join("none")).await, ErrorKind::NotFound)?;
    expect_kind("read_dir of a file", fs.read_dir(&dir.join("file")).await, ErrorKind::NotADirectory)
}

async fn metadata_of_others(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("file"), b"").await?;
    expect_kind("metadata of a missing path", fs.metadata(&dir.join("none")).await, ErrorKind::NotFound)?;
    expect_error("metadata below a file", fs.metadata(&dir.join("file/below")).await)?;
    expect_equal("the kind of a directory", fs.metadata(dir).await?.kind, FileKind::Directory)
}

async fn rename_moves(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    make_dir(fs, &dir.join("dir")).await?;
    put(fs, &dir.join("from"), b"content").await?;
    fs.rename(&dir.join("from"), &dir.join("dir/to")).await?;
    expect_names(fs, dir, &["dir"]).await?;
    expect_content(fs, &dir.join("dir/to"), b"content").await
}

async fn rename_replaces(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("from"), b"new").await?;
    put(fs, &dir.join("to"), b"the old").await?;
    fs.rename(&dir.join("from"), &dir.join("to")).await?;
    expect_names(fs, dir, &["to"]).await?;
    expect_content(fs, &dir.join("to"), b"new").await
}

async fn rename_to_itself(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("file"), b"content").await?;
    fs.rename(&dir.join("file"), &dir.join("file")).await?;
    expect_content(fs, &dir.join("file"), b"content").await
}

async fn rename_moves_directory(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    fs.create_dir(&dir.join("a/b"), CreateDirOptions { parents: true, exist_ok: false }).await?;
    put(fs, &dir.join("a/b/file"), b"content").await?;
    fs.rename(&dir.join("a"), &dir.join("c")).await?;
    expect_names(fs, dir, &["c"]).await?;
    expect_content(fs, &dir.join("c/b/file"), b"content").await
}

async fn rename_needs_both(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("file"), b"kept").await?;
    let from_nothing = fs.rename(&dir.join("none"), &dir.join("file")).await;
    expect_kind("rename of a missing path", from_nothing, ErrorKind::NotFound)?;
    let to_nowhere = fs.rename(&dir.join("file"), &dir.join("none/file")).await;
    expect_kind("rename below a missing directory", to_nowhere, ErrorKind::NotFound)?;
    expect_content(fs, &dir.join("file"), b"kept").await
}

async fn rename_keeps_directory(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    make_dir(fs, &dir.join("dir")).await?;
    put(fs, &dir.join("file"), b"kept").await?;
    expect_error("rename", fs.rename(&dir.join("file"), &dir.join("dir")).await)?;
    expect_content(fs, &dir.join("file"), b"kept").await?;
    expect_equal("is_dir of the target", fs.is_dir(&dir.join("dir")).await?, true)
}

async fn rename_into_itself(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    make_dir(fs, &dir.join("a")).await?;
    expect_error("rename", fs.rename(&dir.join("a"), &dir.join("a/b")).await)?;
    expect_names(fs, dir, &["a"]).await
}
