//! The connectors that [`Proxy`] replaces, until their users call it.

#![expect(missing_docs, reason = "hidden, and removed together with its users")]

use std::io;

use oxftp_proto::Secret;

use super::Proxy;
use crate::{
    connect::{BoxSocket, Connector, Target, TcpConnector},
    future::BoxFuture,
};

macro_rules! former {
    ($name:ident, $kind:ident) => {
        #[derive(Debug, Clone)]
        pub struct $name(Proxy);

        impl $name {
            #[must_use]
            pub fn new(host: impl Into<String>, port: u16) -> Self {
                Self(Proxy::$kind(host, port))
            }

            #[must_use]
            pub fn credentials(self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
                Self(self.0.credentials(user, password))
            }

            #[must_use]
            pub fn user(self, user: impl Into<String>) -> Self {
                Self(self.0.user(user))
            }

            #[must_use]
            pub fn via(self, tcp: TcpConnector) -> Self {
                Self(self.0.via(tcp))
            }
        }

        impl Connector for $name {
            fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
                self.0.connect(target)
            }
        }
    };
}

former!(HttpConnector, http);
former!(Socks4Connector, socks4);
former!(Socks5Connector, socks5);
