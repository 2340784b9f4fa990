//! TLS failures: each is reported as such, and no login is sent.

use oxftp::{Client, Credentials, Error, Result, TlsConfig, TlsFailure, TlsVersion};
use oxftp_testing::{
    certificates::{Authority, Identity},
    scripted::{Script, ScriptedServer},
    tls_terminator::{Alpn, TlsTerminator},
};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::common::scripts::{assert_in_sync, builder, with_sync_check};

const NAMES: &[&str] = &["localhost", "127.0.0.1"];

/// Connects with implicit TLS to a script with this certificate.
async fn connect(
    script: Script,
    identity: &Identity,
    alpn: Alpn,
    tls: TlsConfig,
) -> (ScriptedServer, TlsTerminator, Result<Client>) {
    let server = script.start().await;
    let front = TlsTerminator::start(server.address(), identity, alpn).await;
    let connected = builder().implicit_tls(tls).connect(front.address()).await;
    (server, front, connected)
}

fn trusting(authority: &Authority) -> TlsConfig {
    TlsConfig::new().root_certificates_pem(authority.pem()).unwrap()
}

/// Connects to a server with this certificate, and returns the TLS failure.
async fn refusal(
    tls: impl FnOnce(&Authority) -> TlsConfig,
    identity: impl FnOnce(&Authority) -> Identity,
) -> TlsFailure {
    let authority = Authority::new("tests").unwrap();
    let (_server, _front, connected) =
        connect(Script::new().stall(), &identity(&authority), Alpn::Unknown, tls(&authority)).await;
    let error = connected.unwrap_err();
    assert!(matches!(error, Error::Tls(_)), "{error:?}");
    error.tls_failure().unwrap()
}

/// Connects to a server with a valid certificate.
async fn trusted(
    script: Script,
    alpn: Alpn,
    tls: impl FnOnce(TlsConfig) -> TlsConfig,
) -> (ScriptedServer, TlsTerminator, Result<Client>) {
    let authority = Authority::new("tests").unwrap();
    connect(script, &authority.server(NAMES).unwrap(), alpn, tls(trusting(&authority))).await
}

/// The first commands of every session.
fn protected() -> Script {
    Script::new().expect("PBSZ 0").reply("200 ok").expect("PROT P").reply("200 ok")
}

#[tokio::test]
async fn rustls_configuration_of_the_caller_is_used() {
    let authority = Authority::new("tests").unwrap();
    let config = |roots| {
        let provider = rustls::crypto::CryptoProvider {
            kx_groups: vec![rustls::crypto::aws_lc_rs::kx_group::SECP384R1],
            ..rustls::crypto::aws_lc_rs::default_provider()
        };
        let config = rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(provider));
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        TlsConfig::from_rustls(std::sync::Arc::new(config.with_no_client_auth()))
    };
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let identity = authority.server(NAMES).unwrap();

    let (_server, _front, connected) = connect(protected(), &identity, Alpn::Unknown, config(roots)).await;
    let client = connected.unwrap();
    assert_eq!(client.tls_key_exchange(), Some("secp384r1"));
    assert_eq!(client.tls_counts().full, 1);

    let untrusting = config(rustls::RootCertStore::empty());
    let (_server, _front, connected) =
        connect(Script::new().stall(), &identity, Alpn::Unknown, untrusting).await;
    assert_eq!(connected.unwrap_err().tls_failure(), Some(TlsFailure::UnknownIssuer));
}

#[tokio::test]
async fn key_exchange_with_the_default_is_post_quantum() {
    let (_server, _front, connected) = trusted(protected(), Alpn::Unknown, |tls| tls).await;
    assert_eq!(connected.unwrap().tls_key_exchange(), Some("X25519MLKEM768"));
}

#[tokio::test]
async fn expired_certificate_is_reported() {
    assert_eq!(refusal(trusting, |ca| ca.expired_server(NAMES).unwrap()).await, TlsFailure::Expired);
}

#[tokio::test]
async fn not_yet_valid_certificate_is_reported() {
    assert_eq!(refusal(trusting, |ca| ca.future_server(NAMES).unwrap()).await, TlsFailure::NotYetValid);
}

#[tokio::test]
async fn certificate_for_other_name_is_reported() {
    let other = ["ftp.example.org", "*.0.0.1", "127.0.0.2"];
    assert_eq!(refusal(trusting, |ca| ca.server(&other).unwrap()).await, TlsFailure::WrongName);
}

#[tokio::test]
async fn certificate_of_unknown_issuer_is_reported() {
    let others = |_: &Authority| trusting(&Authority::new("tests").unwrap());
    let failure = refusal(others, |ca| ca.server(NAMES).unwrap()).await;
    // The issuer has the name of a trusted one, but another key.
    assert!(matches!(failure, TlsFailure::UnknownIssuer | TlsFailure::UnusableCertificate), "{failure:?}");
    let strangers = |_: &Authority| trusting(&Authority::new("others").unwrap());
    assert_eq!(refusal(strangers, |ca| ca.server(NAMES).unwrap()).await, TlsFailure::UnknownIssuer);
    assert_eq!(
        refusal(|_| TlsConfig::new(), |ca| ca.server(NAMES).unwrap()).await,
        TlsFailure::UnknownIssuer
    );
}

fn trusting_exactly(identity: &Identity) -> TlsConfig {
    TlsConfig::new().root_certificates_pem(identity.certificate_pem()).unwrap()
}

#[tokio::test]
async fn self_signed_ca_certificate_is_accepted_if_given() {
    let identity = Authority::self_signed_server(NAMES).unwrap();

    let (_server, _front, client) =
        connect(protected(), &identity, Alpn::Unknown, trusting_exactly(&identity)).await;

    assert!(client.unwrap().is_encrypted());
}

#[tokio::test]
async fn self_signed_ca_certificate_needs_its_host_name() {
    let identity = Authority::self_signed_server(&["ftp.example.org"]).unwrap();
    let tls = trusting_exactly(&identity);
    assert_eq!(refusal(|_| tls, |_| identity).await, TlsFailure::WrongName);
}

#[tokio::test]
async fn self_signed_ca_certificate_of_others_is_refused() {
    let [given, other] = [NAMES, NAMES].map(|names| Authority::self_signed_server(names).unwrap());
    let tls = trusting_exactly(&given);
    let failure = refusal(|_| tls, |_| other).await;
    assert!(matches!(failure, TlsFailure::UnknownIssuer | TlsFailure::UnusableCertificate), "{failure:?}");
}

fn fingerprint(identity: &Identity) -> [u8; 32] {
    Sha256::digest(CertificateDer::from_pem_slice(identity.certificate_pem().as_bytes()).unwrap()).into()
}

#[tokio::test]
async fn pinned_certificate_is_accepted_whatever_it_says() {
    let authority = Authority::new("tests").unwrap();
    for identity in [authority.expired_server(&["elsewhere"]), Authority::self_signed_server(&["elsewhere"])]
    {
        let identity = identity.unwrap();
        let tls = TlsConfig::new().pin_sha256([7; 32]).pin_sha256(fingerprint(&identity));

        let (_server, _front, client) = connect(protected(), &identity, Alpn::Unknown, tls).await;

        assert!(client.unwrap().is_encrypted());
    }
}

#[tokio::test]
async fn certificate_that_is_not_pinned_is_refused() {
    let failure = refusal(|_| TlsConfig::new().pin_sha256([7; 32]), |ca| ca.server(NAMES).unwrap()).await;
    assert_eq!(failure, TlsFailure::NotPinned);
}

#[tokio::test]
async fn certificate_for_other_purpose_is_reported() {
    let failure = refusal(trusting, |ca| ca.client("localhost").unwrap()).await;
    assert!(matches!(failure, TlsFailure::UnusableCertificate | TlsFailure::WrongName), "{failure:?}");
}

#[tokio::test]
async fn server_without_tls_is_reported() {
    let server = Script::new().greeting("220 in clear").stall().start().await;

    let error = builder().implicit_tls(TlsConfig::new()).connect(server.address()).await.unwrap_err();

    assert_eq!(error.tls_failure(), Some(TlsFailure::NoTls), "{error:?}");
}

#[tokio::test]
async fn truncated_handshake_is_reported() {
    let server = Script::new().no_greeting().close().start().await;

    let error = builder().implicit_tls(TlsConfig::new()).connect(server.address()).await.unwrap_err();

    assert_eq!(error.tls_failure(), Some(TlsFailure::ConnectionClosed), "{error:?}");
}

#[tokio::test]
async fn alpn_ftp_is_offered_unless_disabled() {
    for (tell, alpn, recorded) in
        [(true, Alpn::Ftp, true), (false, Alpn::Ftp, false), (true, Alpn::Unknown, false)]
    {
        let (server, _front, client) =
            trusted(with_sync_check(protected()), alpn, |tls| tls.alpn(tell)).await;
        let mut client = client.unwrap();

        assert_eq!(client.tls_alpn_is_ftp(), recorded, "{tell} {alpn:?}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn alpn_of_other_protocol_prevents_login() {
    for alpn in [Alpn::Http, Alpn::Tampered] {
        let (_server, _front, connected) = trusted(Script::new().stall(), alpn, |tls| tls).await;

        let error = connected.unwrap_err();
        assert_eq!(error.tls_failure(), Some(TlsFailure::OtherProtocol), "{alpn:?} {error:?}");
    }
}

#[tokio::test]
async fn negotiated_tls_parameters_are_available() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let only = |tls: TlsConfig| tls.min_version(version).max_version(version);
        let (_server, _front, client) = trusted(protected(), Alpn::Unknown, only).await;
        let client = client.unwrap();

        assert_eq!(client.tls_version(), Some(version));
        assert!(client.tls_cipher().unwrap().contains("_WITH_AES") || version == TlsVersion::Tls13);
        assert_eq!(client.certificates().count(), 1);
    }
}

#[tokio::test]
async fn refused_prot_p_prevents_login() {
    for refusal in ["536 no", "502 what", "431 later"] {
        for replies in [[refusal, "503 PBSZ first"], ["200 ok", refusal]] {
            let script = Script::new().expect("PBSZ 0").expect("PROT P").reply(replies[0]).reply(replies[1]);
            let (server, _front, connected) = trusted(script, Alpn::Unknown, |tls| tls).await;

            assert!(matches!(connected, Err(Error::ProtectionRefused { .. })), "{refusal}: {connected:?}");
            server.done().await;
        }
    }
}

#[tokio::test]
async fn greeting_230_does_not_skip_tls() {
    let server = Script::new().greeting("230 you are in").start().await;

    let refused = builder().explicit_tls(TlsConfig::new()).connect(server.address()).await;

    assert!(matches!(refused, Err(Error::TlsRefused { .. })), "{refused:?}");
    server.done().await;
}

#[tokio::test]
async fn greeting_230_over_implicit_tls_is_accepted() {
    let script = protected().greeting("230 you are in").expect("USER anonymous").reply("503 you are in");
    let (server, _front, client) = trusted(script, Alpn::Unknown, |tls| tls).await;

    client.unwrap().login(Credentials::anonymous()).await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn greeting_230_before_optional_tls_still_upgrades() {
    let script = Script::new().greeting("230 you are in").expect("AUTH TLS").reply("502 no");
    let server = script.expect("USER anonymous").reply("503 you are in").start().await;
    let connected = builder().tls_if_offered(TlsConfig::new()).connect(server.address()).await;

    connected.unwrap().login(Credentials::anonymous()).await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn greeting_230_before_tls_upgrade_proves_nothing() {
    let script = protected().no_greeting().expect("USER anonymous").reply("503 you are in");
    let (server, authority) = (script.start().await, Authority::new("tests").unwrap());
    let front =
        TlsTerminator::start(server.address(), &authority.server(NAMES).unwrap(), Alpn::Unknown).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let upgrading = tokio::spawn(async move {
        let mut outside = listener.accept().await.unwrap().0;
        outside.write_all(b"230 you are in\r\n").await.unwrap();
        outside.read_exact(&mut [0; b"AUTH TLS\r\n".len()]).await.unwrap();
        outside.write_all(b"234 go\r\n").await.unwrap();
        let mut inside = TcpStream::connect(front.address()).await.unwrap();
        let _ = copy_bidirectional(&mut outside, &mut inside).await;
    });
    let mut client = builder().tls_if_offered(trusting(&authority)).connect(address).await.unwrap();

    assert!(client.is_encrypted());
    assert!(client.login(Credentials::anonymous()).await.is_err());

    server.done().await;
    upgrading.abort();
}

#[tokio::test]
async fn no_plain_data_while_prot_is_deferred() {
    let script = Script::new().expect("PBSZ 0").expect("PROT P");
    let script = script.reply("530 log in first").reply("530 log in first");
    let (server, _front, client) = trusted(script, Alpn::Unknown, |tls| tls).await;

    let mut client = client.unwrap();
    let refused = client.download_stream("a").await;

    assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
    server.done().await;
}
