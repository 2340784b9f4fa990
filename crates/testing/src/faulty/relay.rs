//! Relay: forwards a connection until its fault.

use std::future::pending;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::sleep;

use super::{FaultPlan, NetworkFault};

/// Forwards bytes in both directions until both sides have ended or the fault occurs.
pub(super) async fn run(client: TcpStream, server: TcpStream, plan: FaultPlan) {
    let ((from_client, mut to_client), (from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let (down, up) =
        if plan.to_client { (plan.fault, NetworkFault::None) } else { (NetworkFault::None, plan.fault) };
    sleep(plan.delay).await;
    let outcome = {
        let down = forward(from_server, &mut to_client, down, plan);
        let up = forward(from_client, &mut to_server, up, plan);
        tokio::pin!(down, up);
        let (first, other_is_up) = tokio::select! {
            first = &mut down => (first, true),
            first = &mut up => (first, false),
        };
        match first {
            Outcome::End if other_is_up => up.await,
            Outcome::End => down.await,
            fault => fault,
        }
    };
    match outcome {
        Outcome::End | Outcome::Cut => {}
        Outcome::Reset => {
            reset_on_close(to_client.as_ref());
            reset_on_close(to_server.as_ref());
        }
        Outcome::Stall => pending().await,
    }
}

/// The end of one direction.
enum Outcome {
    End,
    Cut,
    Reset,
    Stall,
}

async fn forward(
    mut from: OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    fault: NetworkFault,
    plan: FaultPlan,
) -> Outcome {
    let mut left = match fault {
        NetworkFault::Cut(after)
        | NetworkFault::Reset(after)
        | NetworkFault::Stall(after)
        | NetworkFault::HalfClose(after) => after,
        NetworkFault::None | NetworkFault::Refuse => u64::MAX,
    };
    let mut space = vec![0; plan.chunk_size];
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(space.len());
        match from.read(&mut space[..most]).await {
            Ok(0) => {
                let _ = to.shutdown().await;
                return Outcome::End;
            }
            Ok(read) if to.write_all(&space[..read]).await.is_ok() => left -= read as u64,
            // A reset by one side resets the other.
            _ => return Outcome::Reset,
        }
        pause(plan.jitter).await;
    }
    match fault {
        NetworkFault::Reset(_) => Outcome::Reset,
        NetworkFault::Stall(_) => Outcome::Stall,
        NetworkFault::HalfClose(_) => {
            let _ = to.shutdown().await;
            while matches!(from.read(&mut space).await, Ok(1..)) {}
            Outcome::End
        }
        _ => Outcome::Cut,
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

fn reset_on_close(stream: &TcpStream) {
    // An error means that the connection is closed already.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}
