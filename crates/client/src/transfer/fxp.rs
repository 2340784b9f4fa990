//! Server-to-server transfers (FXP): the data flow from one server to the other, not through this client.

use std::{net::SocketAddr, pin::pin, time::Duration};

use oxftp_proto::{Code, RemotePath, Reply, dialog::Started};

use super::{
    final_name::rename_into_place,
    partial_name::{new_token, remote_partial_path},
    stored_name::{check_copy, listed_size},
};
use crate::{Client, Error, Result, TransferSummary, client::Handshake, deadline::Deadline};

/// Copies a file directly from one server to another (`EPSV` or `PASV` and `STOR` on the one, `PORT`
/// or `EPRT` and `RETR` on the other; RFC 959, 5.2).
///
/// ```no_run
/// use oxftp::Client;
///
/// # async fn example(mut from: Client, mut to: Client) -> oxftp::Result<()> {
/// let summary = oxftp::fxp(&mut from, "pub/image.iso", &mut to, "mirror/image.iso").await?;
/// println!("{} bytes", summary.transferred);
/// # Ok(())
/// # }
/// ```
///
/// The target listens and the source connects; where one of them refuses that, the roles are swapped. Most servers
/// must be configured to allow it, since it can be abused. The connecting server gets the address of the other's
/// control connection, unless [`trust_passive_address`](crate::ClientBuilder::trust_passive_address) is set; through
/// a proxy that address is not known.
///
/// If both clients use TLS, the data are encrypted between the servers: `CPSV` or `SSCN` makes one of them start the
/// handshake. The servers decide whether they verify each other's certificates, and most do not. It is an error if
/// neither server supports that, or if only one client uses TLS: the data are never sent unprotected when either
/// client asked for protection.
///
/// A file that exists at the target stays unchanged until the copy is complete. Until then the copy has another name,
/// with [`PART_SUFFIX`](crate::PART_SUFFIX) appended (`RNFR`, `RNTO`); it is removed when the transfer fails. As this
/// client sees none of the data, only [`Timeouts::total`](crate::Timeouts) limits the wait for their end. The sizes
/// on both sides are compared after it. Dropping the future aborts the transfer, on each side before its next
/// command.
///
/// The summary has the target's reply and the size that a server reports, or 0 where neither does.
///
/// # Errors
///
/// [`Error::StatusCode`] when a server refuses the path, or both directions; [`Error::Unsupported`] when the data
/// cannot be protected as required; [`Error::SizeMismatch`] when the copy has another size than the source;
/// [`Error::NotRenamed`] when the copy is complete and cannot be renamed. When one side fails, the transfer is aborted
/// on the other.
pub async fn fxp(
    from: &mut Client,
    source: impl Into<RemotePath>,
    to: &mut Client,
    target: impl Into<RemotePath>,
) -> Result<TransferSummary> {
    let (source, target) = (source.into(), target.into());
    let plans = plans(from, to).await?;
    from.prepare_for_peer().await?;
    to.prepare_for_peer().await?;
    // A missing source must not damage the target.
    let size = match from.size_of_source(&source).await? {
        size @ (None | Some(0)) => listed_size(from, &source).await?.or(size),
        size => size,
    };
    let temporary = remote_partial_path(&target, &new_token(), to.encoding())?;
    let copied = copy_and_compare(from, &source, to, &temporary, &plans, size).await;
    if copied.is_err() && !to.is_broken() {
        // A server-to-server copy cannot be resumed.
        let _ = to.remove_file(&temporary).await;
    }
    let summary = copied?;
    rename_into_place(to, &temporary, &target, None).await?;
    Ok(summary)
}

/// Copies the file, and compares the sizes on both sides.
async fn copy_and_compare(
    from: &mut Client,
    source: &RemotePath,
    to: &mut Client,
    target: &RemotePath,
    plans: &[FxpPlan],
    size: Option<u64>,
) -> Result<TransferSummary> {
    let reply = FxpPair { from, to }.transfer(plans, source, target).await?;
    let arrived = match to.size_if_reported(target).await? {
        Some(arrived) if arrived > 0 || size.is_none_or(|size| size == 0) => Some(arrived),
        unknown => match size {
            Some(size) => match check_copy(to, target, size).await {
                Err(Error::SizeMismatch { expected: there, .. }) => Some(there),
                checked => checked.map(|()| None)?,
            },
            None => unknown,
        },
    };
    if let Some((expected, transferred)) = size.zip(arrived).filter(|(size, arrived)| size != arrived) {
        return Err(Error::SizeMismatch { expected, transferred });
    }
    if size.is_none() {
        crate::trace::warn!("the copy is not verified: its source does not show the size of {source}");
    }
    Ok(TransferSummary { reply, transferred: arrived.or(size).unwrap_or(0) })
}

/// The roles of the two servers, and the protection of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FxpPlan {
    target_listens: bool,
    handshake: Handshake,
}

impl FxpPlan {
    /// Returns whether the source starts the TLS handshake. With TLS 1.3 it receives tickets then, which ProFTPD never
    /// reads while it sends: its close becomes a reset, and the end of the file is lost. The target reads them
    /// together with the data.
    fn source_is_tls_client(self) -> bool {
        match self.handshake {
            Handshake::None => false,
            Handshake::ByListener | Handshake::ByListenerOnRequest => !self.target_listens,
            Handshake::ByConnectorOnRequest => self.target_listens,
        }
    }
}

/// Lists the possible plans, the better ones first.
async fn plans(from: &mut Client, to: &mut Client) -> Result<Vec<FxpPlan>> {
    let (by_target, by_source) = match (from.protects_data(), to.protects_data()) {
        (false, false) => (vec![Handshake::None], vec![Handshake::None]),
        (true, true) => (handshakes(to, from).await?, handshakes(from, to).await?),
        _ => return Err(UNPROTECTED),
    };
    let plan = |target_listens| move |handshake| FxpPlan { target_listens, handshake };
    let mut plans: Vec<_> =
        by_target.into_iter().map(plan(true)).chain(by_source.into_iter().map(plan(false))).collect();
    plans.sort_by_key(|plan| plan.source_is_tls_client());
    if plans.is_empty() { Err(UNPROTECTED) } else { Ok(plans) }
}

/// Lists the handshakes that one of the servers can be made to start.
async fn handshakes(listening: &mut Client, connecting: &mut Client) -> Result<Vec<Handshake>> {
    let offers = [
        (Handshake::ByListener, listening.offers("CPSV").await?),
        (Handshake::ByConnectorOnRequest, connecting.offers("SSCN").await?),
        (Handshake::ByListenerOnRequest, listening.offers("SSCN").await?),
    ];
    Ok(offers.into_iter().filter(|(_, offered)| *offered).map(|(handshake, _)| handshake).collect())
}

/// Two servers during a transfer between them. When dropped unfinished, the transfer is aborted on each before its
/// next command.
struct FxpPair<'a> {
    from: &'a mut Client,
    to: &'a mut Client,
}

/// Error of a transfer by one plan.
enum FxpError {
    /// Another plan may succeed.
    TryNext(Error),
    Final(Error),
}

impl FxpPair<'_> {
    async fn transfer(
        mut self,
        plans: &[FxpPlan],
        source: &RemotePath,
        target: &RemotePath,
    ) -> Result<Reply> {
        let mut failure = Error::Unsupported { what: "way to another server" };
        for plan in plans {
            let outcome = self.try_plan(*plan, source, target).await;
            if outcome.is_err() {
                self.abort(*plan).await;
            }
            self.restore().await;
            match outcome {
                Ok(reply) => return Ok(reply),
                Err(FxpError::TryNext(error)) => failure = error,
                Err(FxpError::Final(error)) => return Err(error),
            }
        }
        Err(failure)
    }

    async fn try_plan(
        &mut self,
        plan: FxpPlan,
        source: &RemotePath,
        target: &RemotePath,
    ) -> Result<Reply, FxpError> {
        self.open(plan).await.map_err(refused)?;
        let started = self.start(source, target).await.map_err(not_connected)?;
        self.finish(started).await.map_err(FxpError::Final)
    }

    /// Agrees with both servers on a data connection.
    async fn open(&mut self, plan: FxpPlan) -> Result<()> {
        let (listening, connecting) = self.roles(plan);
        match plan.handshake {
            Handshake::ByListenerOnRequest => listening.begin_handshakes().await?,
            Handshake::ByConnectorOnRequest => connecting.begin_handshakes().await?,
            Handshake::None | Handshake::ByListener => {}
        }
        let address: SocketAddr = listening.listen_for_peer(plan.handshake).await?;
        connecting.connect_to_peer(address).await
    }

    fn roles(&mut self, plan: FxpPlan) -> (&mut Client, &mut Client) {
        match plan.target_listens {
            true => (&mut *self.to, &mut *self.from),
            false => (&mut *self.from, &mut *self.to),
        }
    }

    /// Starts on both sides at once: a server that accepts a connection, or performs a handshake on it, may reply only
    /// when the other one has started. The target is first, as pyftpdlib drops a connection whose data arrive before
    /// `STOR`.
    async fn start(&mut self, source: &RemotePath, target: &RemotePath) -> Result<[Started; 2]> {
        let receiving = self.to.start_with_peer("STOR", target);
        let sending = self.from.start_with_peer("RETR", source);
        let (receiving, sending) = tokio::try_join!(biased; receiving, sending)?;
        Ok([sending, receiving])
    }

    /// Awaits both final replies; returns the target's.
    async fn finish(&mut self, [sending, receiving]: [Started; 2]) -> Result<Reply> {
        let total =
            Deadline::start(shorter(self.from.config().timeouts.total, self.to.config().timeouts.total));
        let (rest_of_from, rest_of_to) = (self.from.completion_deadline(), self.to.completion_deadline());
        let both = async {
            let mut sent = pin!(self.from.finish_with_peer(sending));
            let mut received = pin!(self.to.finish_with_peer(receiving));
            tokio::select! {
                biased;
                reply = &mut sent => {
                    reply?;
                    Deadline::start(rest_of_to).run(REPLY, received).await
                }
                reply = &mut received => {
                    let reply = reply?;
                    Deadline::start(rest_of_from).run(REPLY, sent).await?;
                    Ok(reply)
                }
            }
        };
        total.run("the transfer between the servers", both).await
    }

    /// Aborts the transfer on both sides after it failed on one.
    async fn abort(&mut self, plan: FxpPlan) {
        let (listening, connecting) = self.roles(plan);
        if connecting.control_mut().has_outstanding()
            && !listening.control_mut().has_outstanding()
            && !listening.is_broken()
        {
            // The server refused the transfer, and may still listen while the other side waits to be accepted. When
            // it is asked to listen again, it closes the first listener.
            let _ = listening.listen_for_peer(Handshake::None).await;
        }
        // Some servers process ABOR only when the other side is gone.
        tokio::join!(self.from.abort_with_peer(), self.to.abort_with_peer());
    }

    /// Makes both servers await handshakes again. Where that fails, it is repeated before the next transfer, which
    /// reports the error.
    async fn restore(&mut self) {
        let _ = self.from.await_handshakes().await;
        let _ = self.to.await_handshakes().await;
    }
}

impl Drop for FxpPair<'_> {
    fn drop(&mut self) {
        self.from.abort_with_peer_later();
        self.to.abort_with_peer_later();
    }
}

/// A server that refuses to listen for others may connect to them, and the reverse.
fn refused(error: Error) -> FxpError {
    match error {
        error if error.is_connection_lost() => FxpError::Final(error),
        Error::StatusCode(_) | Error::DataConnect(_) => FxpError::TryNext(error),
        error => FxpError::Final(error),
    }
}

/// A server that cannot connect may accept a connection.
fn not_connected(error: Error) -> FxpError {
    match error.code() {
        Some(Code::CANNOT_OPEN_DATA) => FxpError::TryNext(error),
        _ => FxpError::Final(error),
    }
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}

const REPLY: &str = "the server's answer";

const UNPROTECTED: Error = Error::Unsupported { what: "protection of data on their way to another server" };
