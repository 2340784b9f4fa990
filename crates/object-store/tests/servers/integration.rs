//! The integration functions of object_store, with both versions.

use oxftp_testing::{server_tests, servers::TestServer};

use crate::{leftovers, store};

server_tests! {
    integration_functions_of_0_13_pass,
    integration_functions_of_0_14_pass,
}

/// Calls each function with a store below a directory of its own. Left out are those of other traits, which FTP cannot
/// offer (`multipart`, `multipart_with_opts`, `multipart_put_part_out_of_order`, `list_paginated`), and that of HTTP
/// stores (`response_extensions`).
macro_rules! run_all {
    ($object_store:ident, $server:expr) => {{
        use $object_store::integration as tests;

        let server = $server;
        let stores = |name: &str| store(server, name, 4);
        tests::put_get_delete_list(&stores("put_get_delete_list")).await;
        tests::get_opts(&stores("get_opts")).await;
        tests::put_opts(&stores("put_opts"), false).await;
        tests::put_get_attributes(&stores("put_get_attributes")).await;
        tests::stream_get(&stores("stream_get")).await;
        tests::list_uses_directories_correctly(&stores("list_uses_directories")).await;
        tests::list_with_delimiter(&stores("list_with_delimiter")).await;
        tests::list_with_offset_exclusivity(&stores("list_with_offset")).await;
        tests::get_nonexistent_object(&stores("get_nonexistent"), None).await.unwrap_err();
        tests::copy_rename_nonexistent_object(&stores("copy_nonexistent")).await;
        tests::rename_and_copy(&stores("rename_and_copy")).await;
        tests::copy_if_not_exists(&stores("copy_if_not_exists")).await;
        tests::multipart_out_of_order(&stores("multipart_out_of_order")).await;
        tests::multipart_race_condition(&stores("multipart_race"), true).await;
        assert_eq!(leftovers(server.root()), [""; 0]);
    }};
}

async fn integration_functions_of_0_13_pass(server: &TestServer) {
    run_all!(object_store_013, server);
}

async fn integration_functions_of_0_14_pass(server: &TestServer) {
    run_all!(object_store_014, server);
}
