//! Uploads.

use oxftp_testing::scripted::Script;

use super::{
    Act::Upload,
    CONTENT,
    End::{Late, Named, Whole},
    cases,
};

use crate::common::scripts::opening;

fn begun() -> Script {
    opening(Script::new().type_image(), "STOR a")
}

/// A whole upload, of which the size is asked for.
fn verified(end: &str, size: &str) -> Script {
    begun().expect_data(CONTENT).reply(end).expect("SIZE a").reply(size)
}

cases! {
    accepted_upload: Upload, verified("226 done", "213 10") => Whole;
    upload_final_reply_250: Upload, verified("250 done", "213 10") => Whole;
    stored_file_shorter_than_upload: Upload, verified("226 done", "213 9") => Named(&["StoredWrongly"]);
    stored_file_longer_than_upload: Upload, verified("226 done", "213 11") => Named(&["StoredWrongly"]);
    uploaded_file_is_gone_at_once: Upload, verified("226 done", "550 no such file") => Whole;
    refused_upload: Upload, Script::new().type_image().passive().expect("STOR a").reply("553 no")
        => Named(&["StatusCode"]);
    upload_refused_after_preliminary_reply: Upload, begun().reply("552 full").receive()
        => Named(&["StatusCode"]);
    upload_final_reply_452: Upload, begun().expect_data(CONTENT).reply("452 full")
        => Named(&["StatusCode"]);
    upload_without_preliminary_reply: Upload,
        Script::new().type_image().passive().expect("STOR a").receive().reply("226 done")
        => Late(&["Timeout", "DataConnect"]);
    upload_without_final_reply: Upload, begun().expect_data(CONTENT) => Late(&["Timeout"]);
    upload_with_truncated_final_reply: Upload, begun().expect_data(CONTENT).bytes("226 ").close() => Named(&["Closed"]);
    control_connection_closed_after_upload: Upload, begun().expect_data(CONTENT).close() => Named(&["Closed"]);
    upload_final_reply_421: Upload,
        begun().expect_data(CONTENT).reply("421 bye").close() => Named(&["StatusCode", "Closed"]);
    flood_of_replies_after_upload: Upload,
        begun().expect_data(CONTENT).bytes("150 more\r\n".repeat(1000)) => Named(&["Limit"]);
    upload_that_is_never_read: Upload, begun() => Late(&["Timeout", "Data"]);
}
