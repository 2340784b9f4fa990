//! Uploads and copies whose size `SIZE` does not report: their names and sizes in the listing of their directory.

use std::time::Duration;

use oxftp_proto::RemotePath;

use crate::{Client, Error, Result, client::SizeAnswer};

/// Compares an upload with the listing of its directory, if `SIZE` did not show it: its name, and its size if the
/// listing shows one.
///
/// Returns whether the listing shows the upload. A name that only differs in case or in replaced characters is an error,
/// and so is another size. Any other name is a warning. A server that shows no files at all is not an error, since drop boxes do so; if `SIZE` did not say that
/// the file is missing, a warning is logged. If a listing shows nothing about one upload, no other one is requested.
pub(crate) async fn check_listed(
    client: &mut Client,
    path: &RemotePath,
    size: u64,
    answer: &SizeAnswer,
) -> Result<Visibility> {
    let is_asked = !client.hides_uploads() || client.is_unproven_directory(path);
    let Some(name) = path.file_name().filter(|_| is_asked) else { return Ok(Visibility::Unknown) };
    let directory = path.parent().unwrap_or_default();
    if client.is_large_directory(&directory) {
        return check_entry(client, path, size, answer).await.map(|()| Visibility::Unknown);
    }
    // One query is enough: the answer is the same for all files.
    client.set_hides_uploads(true);
    let Some(wire) = RemotePath::from(name).to_wire(client.encoding()).map(|name| name.into_owned()) else {
        return Ok(Visibility::Unknown);
    };
    let mut entries = client.list(&directory).stream();
    let (mut listed, mut count) = (None, 0);
    let (mut similar, mut equal) = (None, None);
    let mut failed = None;
    while let Some(entry) = entries.next().await {
        let entry = match entry {
            Ok(entry) => entry,
            // The server has already confirmed the transfer.
            Err(error) => {
                failed = Some(error);
                break;
            }
        };
        count += 1;
        let name = entry.entry().name();
        if name == wire {
            listed = Some(entry.exact_size());
        } else if is_spelling_of(name, &wire) {
            similar = Some(entry.path().to_string());
        } else if size > 0 && entry.exact_size() == Some(size) {
            equal = Some(entry.path().to_string());
        }
    }
    drop(entries);
    let is_doubtful = matches!(answer, SizeAnswer::Unknown);
    match (listed, similar, failed) {
        (Some(Some(there)), _, _) if is_doubtful => {
            client.set_hides_uploads(false);
            if count > MAX_LISTED {
                client.note_large_directory(directory);
            }
            compare(there, size).map(|()| Visibility::Shown)
        }
        (Some(_), _, _) if !is_doubtful => Ok(Visibility::Shown),
        (None, Some(stored), _) => {
            client.set_hides_uploads(false);
            Err(Error::StoredElsewhere { path: path.to_string(), stored })
        }
        (None, None, None) if count > 0 => {
            match equal {
                Some(stored) => crate::trace::warn!(
                    "the upload succeeded, but the server does not list {path}; it may have renamed it to {stored}"
                ),
                None => {
                    crate::trace::warn!("the upload succeeded, but the server does not list {path}")
                }
            }
            Ok(Visibility::Absent)
        }
        (listed, _, failed) => {
            let shown = match (listed, &failed) {
                (Some(_), _) => Visibility::Shown,
                (None, None) => Visibility::Absent,
                (None, Some(_)) => Visibility::Unknown,
            };
            if let Some(error) = failed {
                crate::trace::debug!("the listing does not show {path}: {error}");
            }
            if is_doubtful && client.reports_unverified() {
                crate::trace::warn!(
                    "uploads are not verified: the server does not report the size of {path}, and no listing shows it"
                );
            }
            Ok(shown)
        }
    }
}

/// Whether a listing shows an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    Shown,
    /// The listing is complete without it.
    Absent,
    /// There is no listing.
    Unknown,
}

/// Returns whether the working directory shows a file of an upload's name and size, as it does if the server ignores the
/// directory in the path of `STOR`.
pub(crate) async fn is_in_working_dir(client: &mut Client, path: &RemotePath, size: u64) -> Result<bool> {
    is_listed_in(client, &RemotePath::default(), path, size).await
}

/// Waits until the directory of an upload shows it with its size: some servers send listings from a cache. Returns `false`
/// if it does not after some seconds.
pub(crate) async fn is_listed_later(client: &mut Client, path: &RemotePath, size: u64) -> Result<bool> {
    if !client.may_cache_listings() {
        return Ok(false);
    }
    let directory = path.parent().unwrap_or_default();
    for pause in STALE_PAUSES {
        tokio::time::sleep(pause).await;
        if is_listed_in(client, &directory, path, size).await? {
            return Ok(true);
        }
    }
    client.note_prompt_listings();
    Ok(false)
}

/// Returns whether a directory shows a file of an upload's name and size.
async fn is_listed_in(
    client: &mut Client,
    directory: &RemotePath,
    path: &RemotePath,
    size: u64,
) -> Result<bool> {
    let Some(name) = path.file_name() else { return Ok(false) };
    let Some(wire) = RemotePath::from(name).to_wire(client.encoding()).map(|name| name.into_owned()) else {
        return Ok(false);
    };
    let mut entries = client.list(directory).stream();
    let mut is_listed = false;
    while let Some(entry) = entries.next().await {
        match entry {
            Ok(entry) if entry.entry().name() == wire => {
                is_listed |= !entry.is_dir() && entry.exact_size().is_none_or(|there| there == size);
            }
            Ok(_) => {}
            Err(error) if error.is_connection_lost() || error.is_timeout() => return Err(error),
            // Nothing is known about the directory.
            Err(_) => return Ok(false),
        }
    }
    Ok(is_listed)
}

/// Compares an upload that is empty according to `SIZE` with the listing of its directory. Some servers answer `0` for every
/// file; `SIZE` is not sent to them again.
pub(crate) async fn check_reported_empty(client: &mut Client, path: &RemotePath, size: u64) -> Result<()> {
    let directory = path.parent().unwrap_or_default();
    let wire_name = |name| RemotePath::from(name).to_wire(client.encoding()).map(|name| name.into_owned());
    let Some(wire) = path.file_name().and_then(wire_name) else { return compare(0, size) };
    let mut entries = client.list(&directory).stream();
    let mut listed = None;
    while let Some(Ok(entry)) = entries.next().await {
        if entry.entry().name() == wire {
            listed = entry.exact_size();
        }
    }
    drop(entries);
    if listed != Some(size) {
        return compare(0, size);
    }
    crate::trace::debug!("SIZE reports 0 bytes for {path}, and the listing {size}");
    client.distrust_sizes();
    Ok(())
}

/// Compares the size of an upload with its entry, in a directory that is too large to be listed for each upload
/// (`MLST`). A server without that command passes the check.
async fn check_entry(client: &mut Client, path: &RemotePath, size: u64, answer: &SizeAnswer) -> Result<()> {
    if !matches!(answer, SizeAnswer::Unknown) {
        return Ok(());
    }
    match Box::pin(client.stat_by_mlst(path)).await {
        Ok(entry) => entry.and_then(|entry| entry.exact_size()).map_or(Ok(()), |there| compare(there, size)),
        // The server has already confirmed the transfer.
        Err(error) => {
            crate::trace::debug!("{path} is not compared: {error}");
            Ok(())
        }
    }
}

/// Compares the size of a copy that came from another server, if the server reports it (`SIZE`). Returns whether it did.
pub(crate) async fn has_compared_size(client: &mut Client, path: &RemotePath, size: u64) -> Result<bool> {
    if client.converts_files() {
        return Ok(true);
    }
    match client.size_answer(path).await {
        Ok(SizeAnswer::Size(0)) if size > 0 => check_reported_empty(client, path, size).await.map(|()| true),
        Ok(SizeAnswer::Size(there)) => compare(there, size).map(|()| true),
        Ok(SizeAnswer::Missing | SizeAnswer::Unknown) => Ok(false),
        // The server has already confirmed the transfer.
        Err(error) => {
            crate::trace::warn!("the size of {path} is not compared: {error}");
            Ok(false)
        }
    }
}

/// Compares the size of a copy under a temporary name, as the server reports or lists it. Whether the server finds the
/// copy by its name is shown by the rename.
pub(crate) async fn check_copy(client: &mut Client, temporary: &RemotePath, size: u64) -> Result<()> {
    if has_compared_size(client, temporary, size).await? || client.is_broken() {
        return Ok(());
    }
    match check_listed(client, temporary, size, &SizeAnswer::Unknown).await {
        Err(Error::StoredElsewhere { .. }) => Ok(()),
        checked => checked.map(|_| ()),
    }
}

/// Returns the size of a file as a listing shows it. Some servers list `0` for files whose size they do not know: that is
/// no size here.
pub(crate) async fn listed_size(client: &mut Client, path: &RemotePath) -> Result<Option<u64>> {
    if client.converts_files() {
        return Ok(None);
    }
    match Box::pin(client.metadata(path)).await {
        Ok(entry) => Ok(entry.exact_size().filter(|size| *size > 0)),
        Err(error) if client.is_broken() => Err(error),
        // The transfer shows whether the file exists.
        Err(error) => {
            crate::trace::debug!("the size of {path} is not known: {error}");
            Ok(None)
        }
    }
}

fn compare(there: u64, size: u64) -> Result<()> {
    match there == size {
        true => Ok(()),
        false => Err(Error::SizeMismatch { expected: there, transferred: size }),
    }
}

/// Returns whether a server may have changed one name into the other: other case, another form of Unicode, or
/// replaced characters.
fn is_spelling_of(one: &[u8], other: &[u8]) -> bool {
    let letters = |name: &[u8]| -> Vec<u8> {
        let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
        letters.map(u8::to_ascii_lowercase).collect()
    };
    let (one, other) = (letters(one), letters(other));
    !one.is_empty() && one == other
}

/// The pauses before a directory is listed again that does not show what was stored in it.
pub(crate) const STALE_PAUSES: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(3)];

/// Above this number of entries, a directory is not listed again for a further upload.
const MAX_LISTED: usize = 1000;

#[cfg(test)]
mod tests {
    use super::is_spelling_of;

    #[test]
    fn stored_name_may_differ_in_case_and_signs() {
        for (one, other) in
            [("aaa.txt", "AAA.TXT"), ("a:b?.c", "a_b_.c"), ("x y", "x_y"), ("x.txt", "x.txt;1")]
        {
            assert_eq!(
                is_spelling_of(one.as_bytes(), other.as_bytes()),
                !other.contains(';'),
                "{one} {other}"
            );
        }
        assert!(!is_spelling_of(b"a.txt", b"b.txt"));
        assert!(!is_spelling_of("ä".as_bytes(), "ö".as_bytes()));
    }
}
