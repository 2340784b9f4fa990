//! The name under which the server stored an upload, where it does not show the requested one.

use oxftp_proto::RemotePath;

use crate::{Client, Error, Result};

/// Finds out where an upload is after the server said that there is no file of its name (`SIZE`). A server that shows no
/// files is believed: drop boxes do so. A name that only differs in case or in replaced characters is an error, and
/// anything else a warning.
pub(crate) async fn check_stored_name(client: &mut Client, path: &RemotePath, size: u64) -> Result<()> {
    let Some(name) = path.file_name().filter(|_| !client.hides_uploads()) else { return Ok(()) };
    // Asked once: the answer is the same for all files.
    client.set_hides_uploads(true);
    let Some(wire) = RemotePath::from(name).to_wire(client.encoding()).map(|name| name.into_owned()) else {
        return Ok(());
    };
    let mut entries = client.list(path.parent().unwrap_or_default()).stream();
    let (mut is_listed, mut count) = (false, 0);
    let (mut similar, mut equal) = (None, None);
    while let Some(entry) = entries.next().await {
        let entry = match entry {
            Ok(entry) => entry,
            // The server reported before that the transfer is complete.
            Err(error) => {
                crate::trace::debug!("the name of {path} is not checked: {error}");
                break;
            }
        };
        count += 1;
        let name = entry.entry().name();
        if name == wire {
            is_listed = true;
        } else if is_spelling_of(name, &wire) {
            similar = Some(entry.path().to_string());
        } else if size > 0 && entry.exact_size() == Some(size) {
            equal = Some(entry.path().to_string());
        }
    }
    drop(entries);
    if is_listed {
        return Ok(());
    }
    if let Some(stored) = similar {
        client.set_hides_uploads(false);
        return Err(Error::StoredElsewhere { path: path.to_string(), stored });
    }
    if count > 0 {
        match equal {
            Some(stored) => {
                crate::trace::warn!(
                    "the upload succeeded, but the server does not list {path}; it may have renamed it to {stored}"
                )
            }
            None => crate::trace::warn!("the upload succeeded, but the server does not list {path}"),
        }
    }
    Ok(())
}

/// Returns whether a server may have made one name of the other: by other case, another form of Unicode, or replaced
/// characters.
fn is_spelling_of(one: &[u8], other: &[u8]) -> bool {
    let letters = |name: &[u8]| -> Vec<u8> {
        let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
        letters.map(u8::to_ascii_lowercase).collect()
    };
    let (one, other) = (letters(one), letters(other));
    !one.is_empty() && one == other
}

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
