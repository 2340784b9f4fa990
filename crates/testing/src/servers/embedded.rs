//! Embedded server of `oxftp-serve`.

use std::net::Ipv6Addr;
use std::sync::Arc;

use oxftp_serve::{ServeOptions, Server};

use super::server::{Backend, Home, PASSWORD, TestServer, USER};
use super::{Protection, ServerKind, ServerOptions, Unavailable};

pub(super) async fn start(options: ServerOptions) -> Result<TestServer, Unavailable> {
    let kind = ServerKind::Embedded;
    let home = Home::create(&options);
    let server = Server::start(serve_options(&home, &options))
        .await
        .map_err(|error| kind.unavailable(error.to_string()))?;
    Ok(TestServer {
        backend: Backend::Embedded(server),
        home,
        kind,
        protection: options.protection,
        user: USER,
        password: PASSWORD,
        login_directory: "/".to_owned(),
    })
}

fn serve_options(home: &Home, options: &ServerOptions) -> ServeOptions {
    let mut serve = ServeOptions::new(&home.root)
        .writable(true)
        .user(USER, PASSWORD)
        .tls_versions(options.tls)
        .require_client_certificate(options.require_client_certificate);
    if options.ipv6 {
        serve = serve.bind((Ipv6Addr::LOCALHOST, 0));
    }
    if let Some(certificates) = &home.certificates {
        serve = serve.authority(Arc::clone(&certificates.authority));
    }
    match options.protection {
        Protection::Plain => serve,
        Protection::Explicit => serve.tls(true),
        Protection::Implicit => serve.implicit_tls(),
    }
}
