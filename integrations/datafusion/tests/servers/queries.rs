//! Ten queries, whose results are those over local files.

use oxftp_datafusion::FtpOptions;
use oxftp_testing::{server_tests, servers::TestServer};

use crate::{Session, files, statements::QUERIES};

server_tests! { ten_queries_equal_those_over_local_files }

async fn ten_queries_equal_those_over_local_files(server: &TestServer) {
    files::write(server.root());
    server.hand_over().unwrap();
    let remote = Session::new(server);
    let root = server.root().to_str().unwrap().to_owned();
    let local = Session::with_options(FtpOptions::default(), root);

    for sql in QUERIES {
        let expected = local.query(sql).await;
        assert!(!expected.is_empty(), "{sql}\n{expected}");
        assert_eq!(remote.query(sql).await, expected, "{sql}");
    }
    assert!(remote.registry.received_bytes() > 0);
    remote.registry.close().await;
}
