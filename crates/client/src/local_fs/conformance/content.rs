//! Rules for opening, reading and writing files.

use std::io::{ErrorKind, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::ConformanceRule;
use super::assertions::{
    Finding, Outcome, content, expect_content, expect_equal, expect_error, expect_kind, put,
    write_and_shutdown,
};
use crate::local_fs::{CommitOptions, FileHandle, FileKind, FileSystem, OpenMode};

#[rustfmt::skip]
pub(crate) const RULES: &[ConformanceRule] = &[
    ("open Read returns the content from the start, then the end of the file", |fs, dir| Box::pin(read_returns_content(fs, dir))),
    ("open Read and Update require an existing file", |fs, dir| Box::pin(read_needs_file(fs, dir))),
    ("open Write truncates the file immediately", |fs, dir| Box::pin(write_empties(fs, dir))),
    ("open CreateNew creates a file and rejects an existing one", |fs, dir| Box::pin(create_new_refuses(fs, dir))),
    ("a committed CreatePrivate file replaces the target and has the permissions of a new file", |fs, dir| Box::pin(commit_replaces(fs, dir))),
    ("open Append writes at the end regardless of seeks", |fs, dir| Box::pin(append_ignores_seek(fs, dir))),
    ("open Update reads and writes, and keeps the remaining content", |fs, dir| Box::pin(update_keeps(fs, dir))),
    ("open below a missing directory is NotFound in every mode", |fs, dir| Box::pin(open_needs_parent(fs, dir))),
    ("open of a directory is an error in every mode", |fs, dir| Box::pin(open_refuses_directory(fs, dir))),
    ("a file opened for reading cannot be written", |fs, dir| Box::pin(read_does_not_write(fs, dir))),
    ("a file opened for writing cannot be read", |fs, dir| Box::pin(write_does_not_read(fs, dir))),
    ("seek is relative to start, end and position, and rejects positions before the start", |fs, dir| Box::pin(seek_counts(fs, dir))),
    ("a write past the end fills the gap with zeros", |fs, dir| Box::pin(gap_is_zeros(fs, dir))),
    ("reading past the end returns no bytes", |fs, dir| Box::pin(nothing_past_end(fs, dir))),
    ("reserve extends a file and keeps content and position, or is Unsupported", |fs, dir| Box::pin(reserve_keeps(fs, dir))),
    ("a lock excludes other handles until it is dropped, and is_at notices other files, or there are no locks", |fs, dir| Box::pin(lock_excludes(fs, dir))),
    ("large blocks are read back completely", |fs, dir| Box::pin(large_blocks(fs, dir))),
    ("after sync the content is visible to other handles", |fs, dir| Box::pin(sync_makes_content_visible(fs, dir))),
    ("metadata returns kind and size of a file", |fs, dir| Box::pin(metadata_returns_size(fs, dir))),
    ("metadata returns the time of set_modified, or set_modified is Unsupported", |fs, dir| Box::pin(modified_is_returned(fs, dir))),
];

async fn read_returns_content(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("file"), b"content").await?;
    let mut file = fs.open(&dir.join("file"), OpenMode::Read).await?;
    let mut start = [0; 3];
    file.read_exact(&mut start).await?;
    expect_equal("the start", &start, b"con")?;
    let mut rest = String::new();
    file.read_to_string(&mut rest).await?;
    expect_equal("the rest", rest.as_str(), "tent")?;
    expect_equal("a read at the end", file.read(&mut start).await?, 0)
}

async fn read_needs_file(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let none = dir.join("none");
    expect_kind("open Read", fs.open(&none, OpenMode::Read).await, ErrorKind::NotFound)?;
    expect_kind("open Update", fs.open(&none, OpenMode::Update).await, ErrorKind::NotFound)?;
    expect_equal("exists afterwards", fs.try_exists(&none).await?, false)
}

async fn write_empties(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let path = dir.join("file");
    put(fs, &path, b"a longer content").await?;
    let mut file = fs.open(&path, OpenMode::Write).await?;
    expect_content(fs, &path, b"").await?;
    write_and_shutdown(&mut *file, b"new").await?;
    expect_content(fs, &path, b"new").await
}

async fn create_new_refuses(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let path = dir.join("file");
    let mut file = fs.open(&path, OpenMode::CreateNew).await?;
    write_and_shutdown(&mut *file, b"first").await?;
    let again = fs.open(&path, OpenMode::CreateNew).await;
    expect_kind("open of a file", again, ErrorKind::AlreadyExists)?;
    expect_content(fs, &path, b"first").await
}

async fn commit_replaces(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let (part, path) = (dir.join("part"), dir.join("file"));
    for sync in [false, true] {
        put(fs, &path, b"older").await?;
        write_and_shutdown(&mut *fs.open(&part, OpenMode::CreatePrivate).await?, b"whole").await?;
        let again = fs.open(&part, OpenMode::CreatePrivate).await;
        expect_kind("open of an existing partial file", again, ErrorKind::AlreadyExists)?;
        fs.commit(&part, &path, CommitOptions { sync, ..CommitOptions::default() }).await?;
        expect_content(fs, &path, b"whole").await?;
        expect_equal(
            "the mode of a committed file",
            fs.metadata(&path).await?.mode,
            mode_of_new(fs, dir).await?,
        )?;
        fs.remove_file(&path).await?;
    }
    Ok(())
}

async fn mode_of_new(fs: &dyn FileSystem, dir: &Path) -> Result<Option<u32>, Finding> {
    put(fs, &dir.join("new"), b"").await?;
    Ok(fs.metadata(&dir.join("new")).await?.mode)
}

async fn append_ignores_seek(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let path = dir.join("file");
    let mut file = fs.open(&path, OpenMode::Append).await?;
    write_and_shutdown(&mut *file, b"one").await?;
    let mut file = fs.open(&path, OpenMode::Append).await?;
    file.seek(SeekFrom::Start(1)).await?;
    file.write_all(b"two").await?;
    file.flush().await?;
    let mut other = fs.open(&path, OpenMode::Append).await?;
    write_and_shutdown(&mut *other, b"three").await?;
    write_and_shutdown(&mut *file, b"four").await?;
    expect_content(fs, &path, b"onetwothreefour").await
}

async fn update_keeps(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let path = dir.join("file");
    put(fs, &path, b"0123456789").await?;
    let mut file = fs.open(&path, OpenMode::Update).await?;
    let mut start = [0; 2];
    file.read_exact(&mut start).await?;
    expect_equal("the start", &start, b"01")?;
    file.seek(SeekFrom::Start(4)).await?;
    write_and_shutdown(&mut *file, b"ab").await?;
    expect_content(fs, &path, b"0123ab6789").await
}

async fn open_needs_parent(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    for mode in MODES {
        let opened = fs.open(&dir.join("none/file"), mode).await;
        expect_kind(&format!("open {mode:?}"), opened, ErrorKind::NotFound)?;
    }
    Ok(())
}

async fn open_refuses_directory(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    for mode in MODES {
        expect_error(&format!("open {mode:?}"), fs.open(dir, mode).await)?;
    }
    Ok(())
}

async fn read_does_not_write(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let path = dir.join("file");
    put(fs, &path, b"kept").await?;
    let mut file = fs.open(&path, OpenMode::Read).await?;
    expect_io_error(
        "a write",
        write_and_shutdown(&mut *file, b"lost").await.map_err(|Finding(found)| found),
    )?;
    expect_content(fs, &path, b"kept").await
}

async fn write_does_not_read(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    for mode in [OpenMode::Write, OpenMode::Append] {
        let mut file = fs.open(&dir.join("file"), mode).await?;
        expect_io_error(&format!("a read after open {mode:?}"), file.read(&mut [0; 1]).await)?;
    }
    Ok(())
}

async fn seek_counts(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("file"), b"0123456789").await?;
    let mut file = fs.open(&dir.join("file"), OpenMode::Read).await?;
    let steps = [
        (SeekFrom::Start(2), 2, b'2'),
        (SeekFrom::Current(3), 6, b'6'),
        (SeekFrom::Current(-5), 2, b'2'),
        (SeekFrom::End(-1), 9, b'9'),
    ];
    for (target, position, byte) in steps {
        expect_equal(&format!("the position after {target:?}"), file.seek(target).await?, position)?;
        expect_equal(&format!("the byte after {target:?}"), file.read_u8().await?, byte)?;
    }
    expect_io_error("seek before the start", file.seek(SeekFrom::End(-11)).await)
}

async fn gap_is_zeros(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let path = dir.join("file");
    put(fs, &path, b"ab").await?;
    let mut file = fs.open(&path, OpenMode::Update).await?;
    file.seek(SeekFrom::Start(5)).await?;
    write_and_shutdown(&mut *file, b"c").await?;
    expect_content(fs, &path, b"ab\0\0\0c").await
}

async fn nothing_past_end(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("file"), b"ab").await?;
    let mut file = fs.open(&dir.join("file"), OpenMode::Read).await?;
    expect_equal("the position", file.seek(SeekFrom::Start(9)).await?, 9)?;
    expect_equal("the count of bytes", file.read(&mut [0; 4]).await?, 0)
}

async fn reserve_keeps(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let path = dir.join("file");
    put(fs, &path, b"abc").await?;
    let mut file = fs.open(&path, OpenMode::Update).await?;
    file.seek(SeekFrom::Start(1)).await?;
    for length in [5, 2] {
        match file.reserve(length).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
            outcome => outcome?,
        }
    }
    expect_content(fs, &path, b"abc\0\0").await?;
    write_and_shutdown(&mut *file, b"x").await?;
    expect_content(fs, &path, b"axc\0\0").await
}

async fn lock_excludes(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let (path, renamed) = (dir.join("file"), dir.join("renamed"));
    let mut first = fs.open(&path, OpenMode::CreatePrivate).await?;
    let mut second = fs.open(&path, OpenMode::Update).await?;
    expect_equal("the first lock", first.try_lock().await?, true)?;
    if second.try_lock().await? {
        return Ok(());
    }
    expect_equal("the lock of the same handle", first.try_lock().await?, true)?;
    write_and_shutdown(&mut *second, b"not blocked").await?;
    expect_content(fs, &path, b"not blocked").await?;
    drop(first);
    expect_equal("the lock after a drop", second.try_lock().await?, true)?;
    expect_equal("is_at of the path", second.is_at(&path).await?, true)?;
    fs.rename(&path, &renamed).await?;
    expect_equal("is_at after a rename", second.is_at(&path).await?, false)?;
    put(fs, &path, b"").await?;
    expect_equal("is_at of another file", second.is_at(&path).await?, false)?;
    let mut third = fs.open(&renamed, OpenMode::Update).await?;
    expect_equal("the lock after a rename", third.try_lock().await?, false)
}

async fn large_blocks(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let block: Vec<u8> = (0..3_000_001_u32).map(|i| (i % 251) as u8).collect();
    put(fs, &dir.join("file"), &block).await?;
    let found = content(fs, &dir.join("file")).await?;
    let same = found.iter().zip(&block).take_while(|(a, b)| a == b).count();
    expect_equal("the count of bytes", found.len(), block.len())?;
    expect_equal("the count of bytes before the first wrong one", same, block.len())
}

async fn sync_makes_content_visible(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    let mut file: Box<dyn FileHandle> = fs.open(&dir.join("file"), OpenMode::Write).await?;
    file.write_all(b"content").await?;
    file.sync().await?;
    expect_content(fs, &dir.join("file"), b"content").await
}

async fn metadata_returns_size(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    put(fs, &dir.join("file"), b"12345").await?;
    let metadata = fs.metadata(&dir.join("file")).await?;
    expect_equal("the kind", metadata.kind, FileKind::File)?;
    expect_equal("the size", metadata.size, 5)
}

async fn modified_is_returned(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    // An even number of seconds: FAT stores times in units of two seconds.
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    put(fs, &dir.join("file"), b"").await?;
    for path in [&*dir.join("file"), dir] {
        match fs.set_modified(path, time).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
            outcome => outcome?,
        }
        expect_equal("the time", fs.metadata(path).await?.modified, Some(time))?;
    }
    let nothing = fs.set_modified(&dir.join("none"), time).await;
    expect_kind("set_modified of nothing", nothing, ErrorKind::NotFound)
}

fn expect_io_error<T, E>(what: &str, outcome: Result<T, E>) -> Outcome {
    match outcome {
        Ok(_) => Err(Finding(format!("{what} succeeded"))),
        Err(_) => Ok(()),
    }
}

const MODES: [OpenMode; 5] =
    [OpenMode::Read, OpenMode::Write, OpenMode::CreateNew, OpenMode::Append, OpenMode::Update];
