//! Misbehaviour during uploads.

use oxftp_testing::scripted::Script;

use super::{
    Action::Upload,
    CONTENT,
    Expected::{Complete, Error, ErrorAfterTimeout},
    cases,
};

use crate::common::scripts::open_transfer;

fn started() -> Script {
    open_transfer(Script::new().type_image(), "STOR a")
}

/// A complete upload whose size is checked.
fn verified(end: &str, size: &str) -> Script {
    started().expect_data(CONTENT).reply(end).expect("SIZE a").reply(size)
}

cases! {
    accepted_upload: Upload, verified("226 done", "213 10") => Complete;
    upload_final_reply_250: Upload, verified("250 done", "213 10") => Complete;
    stored_file_shorter_than_upload: Upload, verified("226 done", "213 9") => Error(&["UploadMismatch"]);
    stored_file_longer_than_upload: Upload, verified("226 done", "213 11") => Error(&["UploadMismatch"]);
    uploaded_file_is_gone_at_once: Upload, verified("226 done", "550 no such file") => Complete;
    refused_upload: Upload, Script::new().type_image().passive().expect("STOR a").reply("553 Permission denied")
        => Error(&["StatusCode"]);
    upload_refused_after_preliminary_reply: Upload, started().reply("552 full").receive()
        => Error(&["StatusCode"]);
    upload_final_reply_452: Upload, started().expect_data(CONTENT).reply("452 full")
        => Error(&["StatusCode"]);
    upload_without_preliminary_reply: Upload,
        Script::new().type_image().passive().expect("STOR a").receive().reply("226 done")
        => ErrorAfterTimeout(&["Timeout", "DataConnect"]);
    upload_without_final_reply: Upload, started().expect_data(CONTENT) => ErrorAfterTimeout(&["Timeout"]);
    upload_with_truncated_final_reply: Upload, started().expect_data(CONTENT).bytes("226 ").close() => Error(&["Closed"]);
    control_connection_closed_after_upload: Upload, started().expect_data(CONTENT).close() => Error(&["Closed"]);
    upload_final_reply_421: Upload,
        started().expect_data(CONTENT).reply("421 bye").close() => Error(&["StatusCode", "Closed"]);
    flood_of_replies_after_upload: Upload,
        started().expect_data(CONTENT).bytes("150 more\r\n".repeat(1000)) => Error(&["Limit"]);
    data_connection_closed_before_upload: Upload,
        Script::new().type_image().passive().expect("STOR a").close_data().reply("150 go")
        => ErrorAfterTimeout(&["Data"]);
    server_side_of_upload_shut_down_early: Upload,
        Script::new().type_image().passive().expect("STOR a").end_sending().reply("150 go").expect_data(CONTENT)
            .reply("226 done").expect("SIZE a").reply("213 10")
        => Complete;
    upload_that_is_never_read: Upload, started() => ErrorAfterTimeout(&["Timeout", "Data"]);
}
