//! Happy Eyeballs: tries the addresses of a host concurrently (RFC 8305).

use std::{collections::VecDeque, io, net::SocketAddr, time::Duration};

use tokio::{net::TcpStream, task::JoinSet, time::timeout};

/// Connects to the first of `addresses` that accepts. The next attempt starts when one fails, or after 250 ms.
pub(super) async fn connect<F, C>(addresses: Vec<SocketAddr>, dial: F) -> io::Result<TcpStream>
where
    F: Fn(SocketAddr) -> C,
    C: Future<Output = io::Result<TcpStream>> + Send + 'static,
{
    let mut waiting = interleave(addresses);
    let mut attempts = JoinSet::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no usable address");
    loop {
        if let Some(address) = waiting.pop_front() {
            attempts.spawn(dial(address));
        }
        let next = if waiting.is_empty() {
            attempts.join_next().await
        } else {
            match timeout(ATTEMPT_DELAY, attempts.join_next()).await {
                Ok(next) => next,
                Err(_) => continue,
            }
        };
        match next {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => failure = error,
            Some(Err(error)) => failure = io::Error::other(error),
            None => return Err(failure),
        }
    }
}

const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Alternates the address families, starting with that of the first address.
fn interleave(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut mixed = VecDeque::new();
    for address in first {
        mixed.push_back(address);
        mixed.extend(second.next());
    }
    mixed.extend(second);
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn address_families_alternate() {
        let mixed = interleave(addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]));
        assert_eq!(mixed, addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]));
    }

    #[tokio::test]
    async fn silent_address_does_not_delay_a_live_one() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let live = listener.local_addr().unwrap();
        let silent: SocketAddr = "[::1]:1".parse().unwrap();

        let stream = connect(vec![silent, live], |address| async move {
            if address.is_ipv6() { std::future::pending().await } else { TcpStream::connect(address).await }
        });

        assert_eq!(stream.await.unwrap().peer_addr().unwrap(), live);
    }

    #[tokio::test]
    async fn last_failure_is_returned_when_all_fail() {
        let refuse = |_| async { Err(io::Error::from(io::ErrorKind::ConnectionRefused)) };

        let error = connect(addresses(&["[::1]:1", "127.0.0.1:1"]), refuse).await.unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
