//! A connector that goes through a network that fails.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use oxftp::{
    connect::{BoxSocket, Connector, Target, TcpConnector},
    path_io::BoxFuture,
};
use oxftp_testing::faulty::{FaultyNetwork, Line};

/// Opens every connection through the network, whose far side is on loopback.
#[derive(Debug, Clone)]
pub(crate) struct FaultyConnector(pub(crate) FaultyNetwork);

impl Connector for FaultyConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            let (line, port) = match target {
                Target::Control { port, .. } => (Line::Control, port),
                Target::Data { port, .. } => (Line::Data, port),
                _ => return Err(io::ErrorKind::Unsupported.into()),
            };
            let way = self.0.way_to(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), line).await?;
            let address = Some(way.ip());
            TcpConnector::new().connect(Target::Data { host: "localhost", address, port: way.port() }).await
        })
    }
}
