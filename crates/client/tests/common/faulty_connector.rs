//! Connector that goes through a faulty network.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use oxftp::{
    connect::{BoxSocket, Connector, Target, TcpConnector},
    local_fs::BoxFuture,
};
use oxftp_testing::faulty::{ConnectionKind, FaultyNetwork};

/// Opens every connection through a relay of the network to a server on loopback.
#[derive(Debug, Clone)]
pub(crate) struct FaultyConnector(pub(crate) FaultyNetwork);

impl Connector for FaultyConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            let (kind, port) = match target {
                Target::Control { port, .. } => (ConnectionKind::Control, port),
                Target::Data { port, .. } => (ConnectionKind::Data, port),
                _ => return Err(io::ErrorKind::Unsupported.into()),
            };
            let relay = self.0.relay_to(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), kind).await?;
            let address = Some(relay.ip());
            TcpConnector::new().connect(Target::Data { host: "localhost", address, port: relay.port() }).await
        })
    }
}
