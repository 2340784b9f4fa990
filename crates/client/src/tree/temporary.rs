//! Uploads that get their final name when they are whole.

use oxftp_proto::RemotePath;

use super::store::Storing;
use crate::{Client, Error, Result};

impl Storing<'_> {
    /// Compares what was stored with what was sent. A part whose content is wrong is removed, as nothing
    /// can go on from it.
    pub(super) async fn judged(
        &self,
        client: &mut Client,
        checked: Result<()>,
        (place, target): (&RemotePath, &RemotePath),
    ) -> Result<()> {
        match checked {
            Err(Error::HashMismatch { there, here }) if place != target => {
                if let Err(error) = client.remove_file(place).await {
                    tracing::warn!("{place} is still on the server: {error}");
                }
                Err(Error::HashMismatch { there, here })
            }
            Err(error @ (Error::SizeMismatch { .. } | Error::HashMismatch { .. })) if place == target => {
                Err(Error::StoredWrongly { path: target.to_string(), source: error.into() })
            }
            checked => checked,
        }
    }
}

/// Gives a whole upload its final name (`RNFR`, `RNTO`); an older file of that name is replaced.
///
/// A server that refuses to rename over it is told to remove it first (`DELE`), which leaves a moment
/// without either.
pub(crate) async fn put_in_place(
    client: &mut Client,
    temporary: &RemotePath,
    target: &RemotePath,
) -> Result<()> {
    let refused = match client.rename(temporary, target).await {
        Err(error) if is_refused(&error) => match client.remove_file(target).await {
            Ok(()) => client.rename(temporary, target).await,
            Err(gone) if gone.is_connection_lost() => Err(gone),
            Err(_) => Err(error),
        },
        renamed => renamed,
    };
    refused.map_err(|error| Error::NotRenamed {
        path: target.to_string(),
        temporary: temporary.to_string(),
        source: error.into(),
    })
}

/// Tells whether the new name was refused, which a file of that name may be the reason for; the old one is
/// asked for first, with `350` for an answer.
fn is_refused(error: &Error) -> bool {
    matches!(error, Error::StatusCode(refused)
        if refused.expected != ["350"] && refused.info.code().class() == 5)
}
