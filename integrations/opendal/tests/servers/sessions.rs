//! How many sessions the operations cost, counted by the server.

use std::fs;

use futures_util::{StreamExt, future::join_all};
use opendal::Operator;
use oxftp_testing::{
    memory::{MemoryServer, ServerBehaviour},
    servers::{Protection, ServerKind, available},
};

use crate::{builder, configuration::memory_operator, content, in_time, tree};

/// Reads a file many times, and uses every other operation in between.
async fn use_everything(operator: &Operator, rounds: u64) {
    for round in 0..rounds {
        assert_eq!(operator.read("large").await.unwrap().len(), 2_000_000);
        assert_eq!(operator.read_with("large").range(round..round + 4).await.unwrap().len(), 4);
        let mut stream = operator.reader("large").await.unwrap().into_bytes_stream(..).await.unwrap();
        assert!(!stream.next().await.unwrap().unwrap().is_empty());
        drop(stream);
        operator.write("d/f", "x").await.unwrap();
        operator.write_with("d/f", "y").append(true).await.unwrap();
        operator.rename("d/f", "d/g").await.unwrap();
        operator.copy("d/g", "d/h").await.unwrap();
        assert_eq!(operator.list("d/").await.unwrap().len(), 3);
        assert!(!operator.exists("d/f").await.unwrap());
        operator.delete_with("d/").recursive(true).await.unwrap();
    }
}

#[tokio::test]
async fn logins_stay_within_sessions() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    server.add_file("large", content(2_000_000), 1_700_000_000);
    let operator = memory_operator(&server);

    use_everything(&operator, 10).await;

    let commands = server.commands();
    let count = |verb: &str| commands.iter().filter(|command| command.starts_with(verb)).count();
    assert!(count("USER") <= 4, "{} logins", count("USER"));
    assert!(count("RETR") >= 30);
}

/// The FTP service of OpenDAL logs in again for every read.
#[tokio::test]
async fn logs_of_servers_show_one_login_per_session() {
    for (kind, login) in LOGINS {
        for protection in [Protection::Plain, Protection::Explicit] {
            let Some(server) = available(kind.start(protection).await) else { continue };
            fs::write(server.root().join("large"), content(2_000_000)).unwrap();
            server.hand_over().unwrap();
            let operator = Operator::new(builder(&server).sessions(1)).unwrap();

            in_time(async {
                use_everything(&operator, 8).await;
                let readers = (0..20).map(|_| operator.read_with("large").range(0..500_000));
                for read in join_all(readers.map(IntoFuture::into_future)).await {
                    assert_eq!(read.unwrap().len(), 500_000);
                }
            })
            .await;

            let log = server.log();
            let logins = log.lines().filter(|line| line.contains(login)).count();
            assert_eq!(logins, 1, "{kind:?} {protection:?}:\n{log}");
        }
    }
}

/// The text that each server logs for a login. The log of Pure-FTPd has transfers only.
const LOGINS: [(ServerKind, &str); 3] = [
    (ServerKind::Vsftpd, "OK LOGIN"),
    (ServerKind::ProFtpd, "PASS (hidden)"),
    (ServerKind::Pyftpdlib, "logged in"),
];

#[tokio::test]
async fn operations_go_on_after_server_restart() {
    for kind in [ServerKind::ProFtpd, ServerKind::Vsftpd, ServerKind::Pyftpdlib] {
        let Some(mut server) = available(kind.start(Protection::Explicit).await) else { continue };
        let operator = Operator::new(builder(&server)).unwrap();
        for round in 0..4 {
            let text = round.to_string();
            operator.write("d/f", text.clone()).await.unwrap();
            server.kill_and_restart().await.unwrap();
            match round {
                0 => assert_eq!(operator.stat("d/f").await.unwrap().content_length(), 1),
                1 => assert_eq!(operator.list("d/").await.unwrap().len(), 2),
                2 => operator.rename("d/f", "d/g").await.unwrap(),
                _ => _ = operator.write("d/f", "after").await.unwrap(),
            }
        }
        assert_eq!(operator.read("d/f").await.unwrap().to_vec(), b"after", "{}", kind.name());
        assert_eq!(tree(server.root()), ["d/", "d/f", "d/g"], "{}", kind.name());
    }
}

#[tokio::test]
async fn more_operations_than_sessions_take_turns() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    server.add_file("f", content(100_000), 1_700_000_000);
    let endpoint = format!("ftp://{}", server.address());
    let builder = opendal_service_oxftp::OxftpBuilder::default().endpoint(&endpoint).sessions(1);
    let operator = Operator::new(builder).unwrap();

    let work = (0..30).map(|number| {
        let operator = operator.clone();
        async move {
            operator.write(&format!("d/{number}"), number.to_string()).await.unwrap();
            assert_eq!(operator.read("f").await.unwrap().len(), 100_000);
            operator.copy("f", &format!("copy/{number}")).await.unwrap();
        }
    });
    in_time(join_all(work)).await;
    assert_eq!(operator.list_with("").recursive(true).await.unwrap().len(), 64);
    assert_eq!(server.commands().iter().filter(|command| command.starts_with("USER")).count(), 1);
}
