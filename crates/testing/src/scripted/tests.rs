use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::data::reset_on_close;
use super::{Ending, Script, ScriptedServer};

#[tokio::test]
async fn script_is_played_line_by_line() {
    let server = Script::new().greeting("220-hello\r\n220 there").login().type_image().start().await;

    let mut client = connect(&server).await;
    let login = b"USER anonymous\r\nPASS anon@\r\nTYPE I\r\n";
    exchange(&mut client, login, "220-hello\r\n220 there\r\n331 more\r\n230 in\r\n200 binary\r\n").await;

    server.done().await;
}

#[tokio::test]
async fn series_plays_one_script_per_client() {
    let scripts = ["220 one", "220 other"].map(|greeting| Script::new().greeting(greeting).close());
    let server = Script::start_each(scripts).await;

    for expected in ["220 one\r\n", "220 other\r\n"] {
        let mut received = String::new();
        TcpStream::connect(server.address()).await.unwrap().read_to_string(&mut received).await.unwrap();
        assert_eq!(received, expected);
    }

    assert!(TcpStream::connect(server.address()).await.is_err());
    server.done().await;
}

#[tokio::test]
#[should_panic(expected = "step 2 of 2 of the script, expect \"USER x\": received \"USER y\"")]
async fn unexpected_line_fails_and_shows_both() {
    let server = Script::new().expect("USER x").start().await;

    send_control(&mut connect(&server).await, b"USER y\r\n").await;

    server.done().await;
}

#[tokio::test]
#[should_panic(expected = "expect \"USER x\": the client closed the connection after \"US\"")]
async fn missing_line_fails() {
    let server = Script::new().expect("USER x").start().await;

    send_control(&mut connect(&server).await, b"US").await;

    server.done().await;
}

#[tokio::test]
#[should_panic(expected = "after the last step of the script: received \"NOOP\\r\\n\"")]
async fn extra_line_fails() {
    let server = Script::new().start().await;
    let mut client = connect(&server).await;

    send_control(&mut client, b"NOOP\r\n").await;

    server.done().await;
}

#[tokio::test]
#[should_panic(expected = "\"NOOP\\n\" does not end in CR LF")]
async fn line_without_carriage_return_fails() {
    let server = Script::new().expect("NOOP").start().await;
    let mut client = connect(&server).await;

    send_control(&mut client, b"NOOP\n").await;

    server.done().await;
}

#[tokio::test]
async fn failed_script_closes_the_connection() {
    let server = Script::new().expect("NOOP").stall().start().await;
    let mut client = connect(&server).await;

    send_control(&mut client, b"QUIT\r\n").await;

    assert_eq!(receive_more(&mut client).await, "220 ready\r\n");
    drop(server);
}

#[tokio::test]
async fn data_round_trip() {
    let server =
        Script::new().passive().data("down").pasv().expect_data("up").reply("226 done").start().await;
    let mut client = connect(&server).await;

    send_control(&mut client, b"EPSV\r\n").await;
    let port = passive_port(&mut client).await;
    let mut data = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    assert_eq!(receive_more(&mut data).await, "down");
    send_control(&mut client, b"PASV\r\n").await;
    let port = passive_port(&mut client).await;
    let mut data = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    send_control(&mut data, b"up").await;
    drop(data);
    exchange(&mut client, b"", "226 done\r\n").await;

    let played = server.done().await;
    assert_eq!(played.transfers[0].bytes, b"up");
    assert_eq!(played.data_peers.len(), 2);
}

#[tokio::test]
#[should_panic(expected = "received data \"other\", expected \"wanted\"")]
async fn unexpected_data_fails() {
    let server = Script::new().passive().expect_data("wanted").start().await;
    let mut client = connect(&server).await;

    send_control(&mut client, b"EPSV\r\n").await;
    let mut data = TcpStream::connect((Ipv4Addr::LOCALHOST, passive_port(&mut client).await)).await.unwrap();
    send_control(&mut data, b"other").await;
    drop(data);

    server.done().await;
}

#[tokio::test]
async fn reset_differs_from_eof() {
    let server = Script::new().passive().receive().passive().expect_reset().start().await;
    let mut client = connect(&server).await;

    for reset in [false, true] {
        send_control(&mut client, b"EPSV\r\n").await;
        let mut data =
            TcpStream::connect((Ipv4Addr::LOCALHOST, passive_port(&mut client).await)).await.unwrap();
        if reset {
            reset_on_close(&data);
        } else {
            send_control(&mut data, b"x").await;
        }
        drop(data);
    }

    let endings: Vec<_> = server.done().await.transfers.into_iter().map(|transfer| transfer.ending).collect();
    assert_eq!(endings, [Ending::Eof, Ending::Reset]);
}

#[tokio::test]
#[should_panic(expected = "the data connection was closed, not reset")]
async fn eof_instead_of_reset_fails() {
    let server = Script::new().passive().expect_reset().start().await;
    let mut client = connect(&server).await;

    send_control(&mut client, b"EPSV\r\n").await;
    drop(TcpStream::connect((Ipv4Addr::LOCALHOST, passive_port(&mut client).await)).await.unwrap());

    server.done().await;
}

#[tokio::test]
async fn dead_port_refuses_connections() {
    let server = Script::new().dead_passive().start().await;
    let mut client = connect(&server).await;

    send_control(&mut client, b"EPSV\r\n").await;
    let dead_ports = passive_port(&mut client).await;

    let error = TcpStream::connect((Ipv4Addr::LOCALHOST, dead_ports)).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    server.done().await;
}

#[tokio::test]
#[should_panic(expected = "the client connected to an address that is not the server's")]
async fn following_a_foreign_pasv_address_fails() {
    let foreign = Ipv4Addr::new(127, 0, 0, 3);
    let server = Script::new().pasv_naming(foreign).start().await;
    let mut client = connect(&server).await;

    send_control(&mut client, b"PASV\r\n").await;
    let _data = TcpStream::connect((foreign, passive_port(&mut client).await)).await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn active_mode_with_foreign_connection() {
    let server = Script::new().connect_back().foreign_connection().data("down").start().await;
    let mut client = connect(&server).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();

    send_control(
        &mut client,
        format!("EPRT |1|127.0.0.1|{}|\r\n", listener.local_addr().unwrap().port()).as_bytes(),
    )
    .await;
    let (foreign_connection, from) = listener.accept().await.unwrap();
    drop(foreign_connection);
    let (mut data, _) = listener.accept().await.unwrap();

    assert_eq!(from.ip(), Ipv4Addr::new(127, 0, 0, 2));
    assert_eq!(receive_more(&mut data).await, "down");
    server.done().await;
}

#[tokio::test]
async fn stalled_server_reads_everything_and_sends_nothing() {
    let server = Script::new().no_greeting().stall().start().await;
    let mut client = connect(&server).await;

    send_control(&mut client, b"whatever\r\n").await;

    server.done().await;
    assert_eq!(receive_more(&mut client).await, "");
}

#[tokio::test]
async fn the_control_connection_can_be_reset() {
    let server = Script::new().no_greeting().reset().start().await;
    let mut client = connect(&server).await;

    let error = client.read(&mut [0]).await.unwrap_err();

    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    server.done().await;
}

#[tokio::test]
async fn script_is_played_on_ipv6() {
    let server = Script::new().at(Ipv6Addr::LOCALHOST).passive().data("six").start().await;
    let mut client = connect(&server).await;

    send_control(&mut client, b"EPSV\r\n").await;
    let mut data = TcpStream::connect((Ipv6Addr::LOCALHOST, passive_port(&mut client).await)).await.unwrap();

    assert_eq!(receive_more(&mut data).await, "six");
    server.done().await;
}

async fn connect(server: &ScriptedServer) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

async fn send_control(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
}

/// Reads to the end, whether closed or reset.
async fn receive_more(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

async fn exchange(stream: &mut TcpStream, bytes: &[u8], answer: &str) {
    send_control(stream, bytes).await;
    let mut received = vec![0; answer.len()];
    stream.read_exact(&mut received).await.unwrap();
    assert_eq!(String::from_utf8(received).unwrap(), answer);
}

/// Reads the reply to `EPSV` or `PASV`, and any replies before it.
async fn passive_port(client: &mut TcpStream) -> u16 {
    let mut text = String::new();
    while !text.ends_with(")\r\n") {
        text.push(char::from(client.read_u8().await.unwrap()));
    }
    let inside = text.rsplit('(').next().unwrap().trim_end_matches(")\r\n");
    match inside.strip_prefix("|||") {
        Some(port) => port.trim_end_matches('|').parse().unwrap(),
        None => {
            let numbers: Vec<u8> = inside.split(',').map(|number| number.parse().unwrap()).collect();
            let [a, b, c, d, high, low] = numbers[..] else { panic!("{text}") };
            SocketAddr::from(([a, b, c, d], u16::from_be_bytes([high, low]))).port()
        }
    }
}
