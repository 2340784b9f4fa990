//! Optional commands around the login: `HOST`, `CLNT` and `OPTS UTF8`.

use oxftp::{ClientBuilder, Credentials, Error, Result, TlsConfig, Utf8};
use oxftp_testing::{
    certificates::Authority,
    scripted::Script,
    tls_terminator::{Alpn, TlsTerminator},
};

use crate::common::scripts::{assert_in_sync, builder, with_sync_check};

/// Connects and logs in, and checks that the client sent exactly the script.
async fn log_in(builder: ClientBuilder, script: Script) -> Result<()> {
    let server = with_sync_check(script).start().await;
    let mut client = builder.connect(server.address()).await?;
    client.login(Credentials::anonymous()).await?;
    assert_in_sync(&mut client).await;
    server.done().await;
    Ok(())
}

fn iis() -> Script {
    Script::new().greeting("220 Microsoft FTP Service").login()
}

#[tokio::test]
async fn host_command_precedes_login() {
    let script = Script::new().expect("HOST ftp.example.org").reply("220 welcome to it").login();

    log_in(builder().virtual_host("ftp.example.org"), script).await.unwrap();
}

#[tokio::test]
async fn host_command_follows_tls_and_precedes_login() {
    let script = Script::new().expect("HOST ftp.example.org").reply("220 ok");
    let script = script.expect("PBSZ 0").expect("PROT P").bytes("200 ok\r\n200 ok\r\n").login();
    let server = with_sync_check(script).start().await;
    let authority = Authority::new("tests").unwrap();
    let front =
        TlsTerminator::start(server.address(), &authority.server(&["127.0.0.1"]).unwrap(), Alpn::Unknown)
            .await;
    let tls = TlsConfig::new().root_certificates_pem(authority.pem()).unwrap();

    let builder = builder().implicit_tls(tls).virtual_host("ftp.example.org");
    let mut client = builder.connect(front.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn refused_host_command_prevents_login() {
    for refusal in ["504 who?", "501 no name", "500 what?", "502 no such verb", "450 not now"] {
        let server = Script::new().expect("HOST v.example").reply(refusal).start().await;

        let error = builder().virtual_host("v.example").connect(server.address()).await.unwrap_err();

        assert!(matches!(&error, Error::VirtualHostRefused { host, .. } if host == "v.example"), "{error:?}");
        assert_eq!(error.to_string(), format!("the server refused the virtual host v.example: {refusal}"));
        server.done().await;
    }
}

#[tokio::test]
async fn host_name_with_command_injection_is_not_sent() {
    let server = Script::new().start().await;
    let host = builder().virtual_host("v\r\nDELE x").connect(server.address()).await;
    assert!(matches!(host, Err(Error::InvalidCommand(_))));

    let named = log_in(builder().client_name("c\r\nDELE x"), Script::new().login()).await;
    assert!(matches!(named, Err(Error::InvalidCommand(_))));
}

#[tokio::test]
async fn clnt_is_sent_before_opts_utf8() {
    let script = Script::new().login().expect("CLNT backup 1.0").reply("200 noted");
    let script = script.expect("OPTS UTF8 ON").reply("200 always on");

    log_in(builder().utf8(Utf8::Ask).client_name("backup 1.0"), script).await.unwrap();
}

#[tokio::test]
async fn refused_optional_command_is_not_an_error() {
    for refusal in ["500 what?", "501 no", "502 no", "504 no", "202 needless", "451 not now"] {
        let script = Script::new().login().expect("CLNT c").reply(refusal);
        let script = script.expect("OPTS UTF8 ON").reply(refusal);

        log_in(builder().utf8(Utf8::Ask).client_name("c"), script).await.unwrap();
    }
}

#[tokio::test]
async fn server_that_closes_on_clnt_is_error() {
    let script = Script::new().login().expect("CLNT c").reply("421 bye").close();
    let error = log_in(builder().client_name("c"), script).await.unwrap_err();

    assert!(error.is_connection_lost(), "{error:?}");
}

#[tokio::test]
async fn automatic_utf8_is_sent_only_where_needed() {
    log_in(builder(), iis().expect("OPTS UTF8 ON").reply("200 OPTS UTF8 command successful")).await.unwrap();
    log_in(builder(), Script::new().greeting("220 ProFTPD ready").login()).await.unwrap();
}

#[tokio::test]
async fn utf8_off_sends_no_opts() {
    log_in(builder().utf8(Utf8::Leave), iis()).await.unwrap();
    log_in(builder().encoding("latin1".parse().unwrap()).utf8(Utf8::Ask), iis()).await.unwrap();
}

#[tokio::test]
async fn utf8_is_not_requested_without_feature() {
    let server = with_sync_check(
        Script::new()
            .greeting("220 Microsoft FTP Service")
            .expect("FEAT")
            .reply("211-F\r\n SIZE\r\n211 End")
            .login(),
    )
    .start()
    .await;
    let mut client = builder().connect(server.address()).await.unwrap();
    client.features().await.unwrap();

    client.login(Credentials::anonymous()).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}
