//! Transfers between two servers: the data go from one to the other, and not through this client.

use std::{net::SocketAddr, pin::pin, time::Duration};

use oxftp_proto::{Code, RemotePath, Reply, dialog::Started};

use super::{put_in_place, remote_part};
use crate::{
    Client, Error, Result, TransferSummary,
    client::Handshake,
    deadline::{in_time, within},
};

/// Copies a file from one server to another, straight (`EPSV` or `PASV` and `STOR` on the one, `PORT`
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
/// The target listens and the source connects; where one of them refuses that, it is tried the
/// other way round. Most servers must be told to allow it, since it can be abused. The address that the
/// one is told to connect to is that of the other's control connection, unless
/// [`trust_passive_address`](crate::ClientBuilder::trust_passive_address) says otherwise; through
/// a proxy that address is not known.
///
/// Where both clients use TLS, the data are encrypted between the servers: `CPSV` or `SSCN` makes one
/// begin the handshake. Whether the servers verify each other's certificates is for them to decide,
/// and most do not. Where neither server offers that, or only one client uses TLS, it is an error:
/// the data never go unprotected where either client asked for protection.
///
/// A file that exists at the target stays as it is until the copy is whole: that has another name until
/// then, with [`PART_SUFFIX`](crate::PART_SUFFIX) behind it (`RNFR`, `RNTO`), and is removed when it fails. As nothing
/// of the data is seen here, the wait for their end is bounded by
/// [`Timeouts::total`](crate::Timeouts) alone, and the sizes on both sides are compared after it.
/// Dropping the future breaks the transfer off, on each side before its next command.
///
/// The summary has the target's reply and the size that a server tells, 0 where neither does.
///
/// # Errors
///
/// [`Error::StatusCode`] when a server refuses the path, or both ways round; [`Error::NotOffered`] when
/// the data cannot be protected as they must; [`Error::SizeMismatch`] when the target ends up with
/// another size than the source; [`Error::NotRenamed`] when it is whole and cannot be given its name. What one side fails at is broken off on the other.
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
    // A source that is not there must not cost the target what it has.
    let size = from.size_of_source(&source).await?;
    let part = remote_part(&target, to.encoding())?;
    let copied = copy_whole(from, &source, to, &part, (&plans, size)).await;
    if copied.is_err() && !to.is_broken() {
        // Nothing goes on from it.
        let _ = to.remove_file(&part).await;
    }
    let summary = copied?;
    put_in_place(to, &part, &target).await?;
    Ok(summary)
}

/// Copies, and compares the sizes on both sides.
async fn copy_whole(
    from: &mut Client,
    source: &RemotePath,
    to: &mut Client,
    target: &RemotePath,
    (plans, size): (&[FxpPlan], Option<u64>),
) -> Result<TransferSummary> {
    let reply = FxpPair { from, to }.transfer(plans, source, target).await?;
    let arrived = to.size_if_told(target).await?;
    if let Some((expected, transferred)) = size.zip(arrived).filter(|(size, arrived)| size != arrived) {
        return Err(Error::SizeMismatch { expected, transferred });
    }
    Ok(TransferSummary { reply, transferred: arrived.or(size).unwrap_or(0) })
}

/// Which server listens, and who protects the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FxpPlan {
    target_listens: bool,
    handshake: Handshake,
}

impl FxpPlan {
    /// Tells whether the source begins the TLS handshake. With TLS 1.3 it is sent tickets then, which
    /// ProFTPD never reads while it sends, so that its close is a reset and the end of the file is
    /// lost. The target reads them with the data.
    fn source_shakes_hands(self) -> bool {
        match self.handshake {
            Handshake::None => false,
            Handshake::ByListener | Handshake::ByListenerOnceTold => !self.target_listens,
            Handshake::ByConnectorOnceTold => self.target_listens,
        }
    }
}

/// Lists the ways that are open, the better first.
async fn plans(from: &mut Client, to: &mut Client) -> Result<Vec<FxpPlan>> {
    let (by_target, by_source) = match (from.protects_data(), to.protects_data()) {
        (false, false) => (vec![Handshake::None], vec![Handshake::None]),
        (true, true) => (handshakes(to, from).await?, handshakes(from, to).await?),
        _ => return Err(UNPROTECTED),
    };
    let plan = |target_listens| move |handshake| FxpPlan { target_listens, handshake };
    let mut plans: Vec<_> =
        by_target.into_iter().map(plan(true)).chain(by_source.into_iter().map(plan(false))).collect();
    plans.sort_by_key(|plan| plan.source_shakes_hands());
    if plans.is_empty() { Err(UNPROTECTED) } else { Ok(plans) }
}

/// Lists who can be made to begin the TLS handshake between the two.
async fn handshakes(listening: &mut Client, connecting: &mut Client) -> Result<Vec<Handshake>> {
    let offers = [
        (Handshake::ByListener, listening.offers("CPSV").await?),
        (Handshake::ByConnectorOnceTold, connecting.offers("SSCN").await?),
        (Handshake::ByListenerOnceTold, listening.offers("SSCN").await?),
    ];
    Ok(offers.into_iter().filter(|(_, offered)| *offered).map(|(handshake, _)| handshake).collect())
}

/// Two servers while a transfer between them is made; dropped unfinished, it leaves each to break
/// off before its next command.
struct FxpPair<'a> {
    from: &'a mut Client,
    to: &'a mut Client,
}

/// Why a plan failed.
enum FxpError {
    /// Another plan may do better.
    AnotherMayDo(Error),
    ForGood(Error),
}

impl FxpPair<'_> {
    async fn transfer(
        mut self,
        plans: &[FxpPlan],
        source: &RemotePath,
        target: &RemotePath,
    ) -> Result<Reply> {
        let mut failure = Error::NotOffered { what: "way to another server" };
        for plan in plans {
            let outcome = self.try_plan(*plan, source, target).await;
            if outcome.is_err() {
                self.break_off(*plan).await;
            }
            self.restore().await;
            match outcome {
                Ok(reply) => return Ok(reply),
                Err(FxpError::AnotherMayDo(error)) => failure = error,
                Err(FxpError::ForGood(error)) => return Err(error),
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
        self.finish(started).await.map_err(FxpError::ForGood)
    }

    /// Agrees with both servers on a data connection.
    async fn open(&mut self, plan: FxpPlan) -> Result<()> {
        let (listening, connecting) = self.roles(plan);
        match plan.handshake {
            Handshake::ByListenerOnceTold => listening.begin_handshakes().await?,
            Handshake::ByConnectorOnceTold => connecting.begin_handshakes().await?,
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

    /// Starts on both sides at once: a server that accepts a connection, or shakes io_for_dialog on it, may
    /// answer only when the other one has begun. The target is first, as pyftpdlib drops a
    /// connection whose data arrive before `STOR`.
    async fn start(&mut self, source: &RemotePath, target: &RemotePath) -> Result<[Started; 2]> {
        let receiving = self.to.start_with_peer("STOR", target);
        let sending = self.from.start_with_peer("RETR", source);
        let (receiving, sending) = tokio::try_join!(biased; receiving, sending)?;
        Ok([sending, receiving])
    }

    /// Awaits both final replies; gives the target's.
    async fn finish(&mut self, [sending, receiving]: [Started; 2]) -> Result<Reply> {
        let total = shorter(self.from.config().timeouts.total, self.to.config().timeouts.total);
        let (rest_of_from, rest_of_to) = (self.from.completion_deadline(), self.to.completion_deadline());
        let both = async {
            let mut sent = pin!(self.from.finish_with_peer(sending));
            let mut received = pin!(self.to.finish_with_peer(receiving));
            tokio::select! {
                biased;
                reply = &mut sent => {
                    reply?;
                    in_time(rest_of_to, received).await
                }
                reply = &mut received => {
                    let reply = reply?;
                    in_time(rest_of_from, sent).await?;
                    Ok(reply)
                }
            }
        };
        let too_slow =
            Error::Timeout { what: "the transfer between the servers", deadline: total.unwrap_or_default() };
        within(total, both).await.unwrap_or(Err(too_slow))
    }

    /// Ends on both sides what is left of a transfer that failed on one.
    async fn break_off(&mut self, plan: FxpPlan) {
        let (listening, connecting) = self.roles(plan);
        if connecting.control_mut().has_outstanding()
            && !listening.control_mut().has_outstanding()
            && !listening.is_broken()
        {
            // It refused the transfer, and may still listen: the other side waits for as long to be let in.
            // Asked anew, it forgets where it listened.
            let _ = listening.listen_for_peer(Handshake::None).await;
        }
        // Some servers hear of ABOR only when the other side is gone.
        tokio::join!(self.from.abort_with_peer(), self.to.abort_with_peer());
    }

    /// Makes both servers await handshakes again; where that fails, it is tried before the next
    /// transfer, which says so.
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

/// A server that refuses to listen for others, or to connect to them, may do the other thing.
fn refused(error: Error) -> FxpError {
    match error {
        error if error.is_connection_lost() => FxpError::ForGood(error),
        Error::StatusCode(_) | Error::DataConnect(_) => FxpError::AnotherMayDo(error),
        error => FxpError::ForGood(error),
    }
}

/// A server that could not connect may be connected to.
fn not_connected(error: Error) -> FxpError {
    match error.code() {
        Some(Code::CANNOT_OPEN_DATA) => FxpError::AnotherMayDo(error),
        _ => FxpError::ForGood(error),
    }
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}

const UNPROTECTED: Error = Error::NotOffered { what: "protection of data on their way to another server" };
