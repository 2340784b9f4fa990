use std::future::pending;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::sleep;

use super::{Fate, Fault};

/// Passes bytes both ways until both sides are done, or the fate is met.
pub(super) async fn run(client: TcpStream, server: TcpStream, fate: Fate) {
    let ((from_client, mut to_client), (from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let (down, up) = if fate.to_client { (fate.fault, Fault::None) } else { (Fault::None, fate.fault) };
    sleep(fate.delay).await;
    let met = {
        let down = pump(from_server, &mut to_client, down, fate);
        let up = pump(from_client, &mut to_server, up, fate);
        tokio::pin!(down, up);
        let (first, other_is_up) = tokio::select! {
            first = &mut down => (first, true),
            first = &mut up => (first, false),
        };
        match first {
            Met::End if other_is_up => up.await,
            Met::End => down.await,
            fault => fault,
        }
    };
    match met {
        Met::End | Met::Cut => {}
        Met::Reset => {
            reset_on_close(to_client.as_ref());
            reset_on_close(to_server.as_ref());
        }
        Met::Stall => pending().await,
    }
}

/// How one direction ended.
enum Met {
    End,
    Cut,
    Reset,
    Stall,
}

async fn pump(mut from: OwnedReadHalf, to: &mut OwnedWriteHalf, fault: Fault, fate: Fate) -> Met {
    let mut left = match fault {
        Fault::Cut(after) | Fault::Reset(after) | Fault::Stall(after) | Fault::HalfClose(after) => after,
        Fault::None | Fault::Refuse => u64::MAX,
    };
    let mut space = vec![0; fate.piece];
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(space.len());
        match from.read(&mut space[..most]).await {
            Ok(0) => {
                let _ = to.shutdown().await;
                return Met::End;
            }
            Ok(read) if to.write_all(&space[..read]).await.is_ok() => left -= read as u64,
            // A side that breaks the connection off breaks it for the other.
            _ => return Met::Reset,
        }
        pause(fate.jitter).await;
    }
    match fault {
        Fault::Reset(_) => Met::Reset,
        Fault::Stall(_) => Met::Stall,
        Fault::HalfClose(_) => {
            let _ = to.shutdown().await;
            while matches!(from.read(&mut space).await, Ok(1..)) {}
            Met::End
        }
        _ => Met::Cut,
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

fn reset_on_close(stream: &TcpStream) {
    // Failing means that the connection is gone already.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}
