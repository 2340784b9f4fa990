//! Connectors: addresses, address families and proxies.

use oxftp_testing::servers::{Protection, ServerKind, ServerOptions, available};

use crate::common;
use crate::common::scripts::{get, put};

#[tokio::test]
async fn transfers_work_over_ipv6() {
    for kind in [ServerKind::Embedded, ServerKind::Pyftpdlib, ServerKind::Vsftpd] {
        let options = ServerOptions { ipv6: true, ..ServerOptions::new(Protection::Plain) };
        let Some(server) = available(kind.start_with(options).await) else { continue };
        assert!(server.address().is_ipv6());

        let mut client = common::login(&server).await;
        put(&mut client, "six", b"over six").await.unwrap_or_else(|error| panic!("{}: {error}", kind.name()));
        let back = get(&mut client, "six").await.unwrap();
        let listed = client.list("").await.unwrap();

        assert_eq!((&*back, listed.len()), (&b"over six"[..], 1), "{}", kind.name());
    }
}
