//! Creation of clients from flags.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use oxftp::{
    ActiveMode, Client, ClientBuilder, Encoding, Error, FtpUrl, PassiveMode, Scheme, Throttle, Timeouts,
    TlsConfig, TlsFailure,
    connect::{Family, TcpConnector},
};

use super::{
    connection_cache::ConnectionCache, known_hosts::KnownHosts, proxy_choice::ProxyChoice, rate::LimitedRate,
};
use crate::{
    args::{ActiveAt, NetworkArgs, TimeoutSeconds, TlsArgs},
    failure::{Failure, Result, chain},
    state_directory::upload_records,
};

/// Creates clients as the flags say; the files they name have been read.
#[derive(Debug)]
pub(crate) struct ClientFactory {
    tls: TlsConfig,
    tls_if_offered: bool,
    /// Certificates that the user trusts; none if the flags say which to trust.
    known_hosts: KnownHosts,
    network: NetworkArgs,
    proxy: ProxyChoice,
    throttle: Throttle,
    /// Clones of one builder share what they learn about optional commands of a server.
    base: ClientBuilder,
}

impl ClientFactory {
    pub(crate) fn new(tls: TlsArgs, network: NetworkArgs) -> Result<Self> {
        let proxy = ProxyChoice::new(network.proxy.as_deref(), |name| std::env::var(name).ok())?;
        if proxy.is_any() && network.active.is_some() {
            return Err(Failure::Usage(
                "--active does not work through a proxy: use --proxy none to connect directly".to_owned(),
            ));
        }
        let limit = network.limit_rate.clone();
        let throttle = match ConnectionCache::current() {
            Some(shell) => shell.limit(limit),
            None => LimitedRate::new(limit).throttle(),
        };
        let tls_if_offered = tls.tls_if_offered;
        let base = Client::builder();
        let is_explicit = tls.insecure || !tls.tls_ca.is_empty() || !tls.tls_pin.is_empty();
        let known_hosts = match is_explicit {
            true => KnownHosts::default(),
            false => KnownHosts::read(tls.known_hosts.as_deref())?,
        };
        Ok(Self { tls: tls_config(tls)?, tls_if_offered, known_hosts, network, proxy, throttle, base })
    }

    /// Adds the proxy to the error of a failed connection.
    pub(crate) fn explain(&self, url: &FtpUrl, error: Error) -> Error {
        match self.proxy.for_host(&url.host().name) {
            Some(proxy) => proxy.explain(error),
            None => error,
        }
    }

    /// Asks the user whether to trust the certificate of a server that could not be verified, and records it.
    pub(crate) async fn trust(&mut self, url: &FtpUrl, error: &Error) -> Result<bool> {
        let is_unknown =
            matches!(error.tls_failure(), Some(TlsFailure::UnknownIssuer | TlsFailure::UnusableCertificate));
        if !is_unknown || !self.known_hosts.may_ask(url) {
            return Ok(false);
        }
        let any = self.tls.clone().danger_accept_any_certificate();
        // Nothing is sent on this connection: it only shows the certificate.
        let Ok(client) = self.builder_with(url, &any).connect(url.host()).await else { return Ok(false) };
        let certificate = client.certificates().next().map(<[u8]>::to_vec);
        drop(client);
        let Some(certificate) = certificate else { return Ok(false) };
        let why = chain(Some(error)).pop().unwrap_or_default();
        self.known_hosts.ask(url, &certificate, &why).await
    }

    /// Returns a builder for the server of this URL.
    pub(crate) fn builder(&self, url: &FtpUrl) -> ClientBuilder {
        let tls = self.known_hosts.of(url).fold(self.tls.clone(), |tls, pin| tls.pin_sha256(pin.0));
        self.builder_with(url, &tls)
    }

    fn builder_with(&self, url: &FtpUrl, tls: &TlsConfig) -> ClientBuilder {
        let network = &self.network;
        let mut builder = self
            .base
            .clone()
            .timeouts(timeouts(network))
            .throttle(self.throttle.clone())
            .encoding(encoding(network))
            .pipelining(network.pipelining.into())
            .compress(network.compress)
            .reconnects(network.retries)
            .noop_during_transfers(interval(network.noop_during_transfers));
        if let Some(records) = upload_records() {
            builder = builder.upload_records(records);
        }
        builder = match url.scheme() {
            Scheme::Ftp if self.tls_if_offered => builder.tls_if_offered(tls.clone()),
            Scheme::Ftp => builder,
            Scheme::Ftpes => builder.explicit_tls(tls.clone()),
            Scheme::Ftps => builder.implicit_tls(tls.clone()),
        };
        builder = match self.proxy.for_host(&url.host().name) {
            Some(proxy) => proxy.connect(builder, tcp(network)),
            None => builder.connector(tcp(network)),
        };
        if let Some(at) = &network.active {
            builder = builder.active(active(at));
        }
        builder = network.on_login.iter().fold(builder, ClientBuilder::on_login);
        builder = network.before.iter().fold(builder, ClientBuilder::before_transfer);
        builder = network.after.iter().fold(builder, ClientBuilder::after_transfer);
        if let Some(command) = network.list_by {
            builder = builder.list_command(command.into());
        }
        if let Some(zone) = &network.server_zone {
            builder = builder.server_zone(zone.clone());
        }
        if let Some(name) = &network.virtual_host {
            builder = builder.virtual_host(name);
        }
        if network.no_epsv { builder.passive_commands([PassiveMode::Pasv]) } else { builder }
    }
}

fn encoding(network: &NetworkArgs) -> Encoding {
    match network.control_characters {
        true => network.encoding.with_control_characters(),
        false => network.encoding,
    }
}

fn timeouts(network: &NetworkArgs) -> Timeouts {
    let mut timeouts = Timeouts::default();
    if let Some(timeout) = network.timeout {
        timeouts.command = timeout.0;
        timeouts.data_connect = timeout.0;
        timeouts.data_idle = timeout.0;
        timeouts.completion = timeout.0;
        timeouts.connect = shorter(timeouts.connect, timeout.0);
    }
    if let Some(completing) = network.completion_timeout {
        timeouts.completion = completing.0;
    }
    if let Some(connecting) = network.connect_timeout {
        timeouts.connect = connecting.0;
    }
    timeouts
}

fn interval(seconds: Option<TimeoutSeconds>) -> Duration {
    seconds.and_then(|seconds| seconds.0).unwrap_or_default()
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}

fn tcp(network: &NetworkArgs) -> TcpConnector {
    let tcp = TcpConnector::new().family(match (network.ipv4, network.ipv6) {
        (true, _) => Family::Ipv4,
        (_, true) => Family::Ipv6,
        _ => Family::Any,
    });
    match network.bind {
        Some(address) => tcp.bind(address),
        None => tcp,
    }
}

fn active(at: &ActiveAt) -> ActiveMode {
    let mut mode = ActiveMode::new();
    if let Some(address) = at.address {
        mode = mode.advertise(address);
    }
    match &at.ports {
        Some(ports) => mode.ports(ports.clone()),
        None => mode,
    }
}

fn tls_config(args: TlsArgs) -> Result<TlsConfig> {
    let mut tls = TlsConfig::new();
    for path in &args.tls_ca {
        tls = tls.root_certificates_pem(read(path)?).map_err(|error| tls_file_error(path, error))?;
    }
    for pin in &args.tls_pin {
        tls = tls.pin_sha256(pin.0);
    }
    if let Some((certificate, key)) = args.tls_cert.as_ref().zip(args.tls_key.as_ref()) {
        tls = tls
            .client_certificate_pem(read(certificate)?, read(key)?)
            .map_err(|error| tls_file_error(certificate, error))?;
    }
    if let Some((min, max)) = args.tls_min.zip(args.tls_max)
        && min > max
    {
        return Err(Failure::Usage("--tls-min is greater than --tls-max".to_owned()));
    }
    if let Some(min) = args.tls_min {
        tls = tls.min_version(min.into());
    }
    if let Some(max) = args.tls_max {
        tls = tls.max_version(max.into());
    }
    Ok(if args.insecure { tls.danger_accept_any_certificate() } else { tls })
}

fn read(path: &PathBuf) -> Result<Vec<u8>> {
    fs::read(path).map_err(|source| Failure::local(format!("cannot read {path:?}"), source))
}

fn tls_file_error(path: &Path, error: Error) -> Failure {
    Failure::Client { about: Some(path.display().to_string()), error: error.into() }
}
