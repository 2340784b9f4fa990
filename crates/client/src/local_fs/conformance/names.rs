//! Rules for names.

use std::path::Path;

use super::ConformanceRule;
use super::assertions::{Outcome, expect_content, expect_equal, expect_names, make_dir, put};
use crate::local_fs::FileSystem;

#[rustfmt::skip]
pub(crate) const RULES: &[ConformanceRule] = &[
    ("a file of any name is listed, renamed and removed", |fs, dir| Box::pin(file_names(fs, dir))),
    ("a directory of any name is created", |fs, dir| Box::pin(directory_names(fs, dir))),
    ("`.` and `..` in a path are the directory and its parent", |fs, dir| Box::pin(dots(fs, dir))),
    ("the empty path is a directory", |fs, dir| Box::pin(empty_path(fs, dir))),
];

async fn file_names(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    for &name in NAMES {
        put(fs, &dir.join("plain"), name.as_bytes()).await?;
        fs.rename(&dir.join("plain"), &dir.join(name)).await?;
    }
    expect_names(fs, dir, NAMES).await?;
    for &name in NAMES {
        expect_content(fs, &dir.join(name), name.as_bytes()).await?;
        fs.remove_file(&dir.join(name)).await?;
    }
    expect_names(fs, dir, &[]).await
}

async fn directory_names(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    for &name in NAMES {
        make_dir(fs, &dir.join(name)).await?;
        put(fs, &dir.join(name).join(name), b"").await?;
        expect_names(fs, &dir.join(name), &[name]).await?;
    }
    expect_names(fs, dir, NAMES).await
}

async fn dots(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    make_dir(fs, &dir.join("sub")).await?;
    put(fs, &dir.join("sub/./../file"), b"content").await?;
    expect_content(fs, &dir.join("file"), b"content").await?;
    expect_names(fs, &dir.join("sub/.."), &["file", "sub"]).await
}

async fn empty_path(fs: &dyn FileSystem, _: &Path) -> Outcome {
    expect_equal("is_dir", fs.is_dir(Path::new("")).await?, true)?;
    for item in fs.read_dir(Path::new("")).await? {
        expect_equal("the path of a listed item", item.path.as_os_str(), item.name())?;
    }
    Ok(())
}

/// Names with characters that are special in shells, URLs, globs or listings.
#[cfg(not(windows))]
const NAMES: &[&str] = &[
    " leading",
    "trailing ",
    "two  blanks",
    "it's",
    "say \"hi\"",
    "*",
    "?[a]",
    "-rf",
    "~",
    "%41",
    "#",
    "back\\slash",
    "a:b",
    "line\nbreak",
    ".hidden",
    "...",
    "straße",
    "漢字",
    "🦀",
];

/// Names with characters that are special in shells, URLs, globs or listings, and allowed on Windows.
#[cfg(windows)]
const NAMES: &[&str] =
    &[" leading", "two  blanks", "it's", "[a]", "-rf", "~", "%41", "#", ".hidden", "straße", "漢字", "🦀"];
