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
    an_upload_that_is_taken: Upload, verified("226 done", "213 10") => Whole;
    an_upload_that_ends_with_another_success: Upload, verified("250 done", "213 10") => Whole;
    an_upload_of_which_the_server_has_less: Upload, verified("226 done", "213 9") => Named(&["StoredWrongly"]);
    an_upload_of_which_the_server_has_more: Upload, verified("226 done", "213 11") => Named(&["StoredWrongly"]);
    an_upload_that_is_gone_at_once: Upload, verified("226 done", "550 no such file") => Whole;
    an_upload_that_is_refused: Upload, Script::new().type_image().passive().expect("STOR a").reply("553 no")
        => Named(&["StatusCode"]);
    an_upload_that_is_refused_after_its_beginning: Upload, begun().reply("552 full").receive()
        => Named(&["StatusCode"]);
    an_upload_that_fails_at_its_end: Upload, begun().expect_data(CONTENT).reply("452 full")
        => Named(&["StatusCode"]);
    an_upload_without_a_beginning: Upload,
        Script::new().type_image().passive().expect("STOR a").receive().reply("226 done")
        => Late(&["Timeout", "DataConnect"]);
    an_upload_whose_end_never_comes: Upload, begun().expect_data(CONTENT) => Late(&["Timeout"]);
    an_upload_whose_end_is_cut: Upload, begun().expect_data(CONTENT).bytes("226 ").close() => Named(&["Closed"]);
    an_upload_that_is_closed_upon: Upload, begun().expect_data(CONTENT).close() => Named(&["Closed"]);
    an_upload_that_ends_with_a_goodbye: Upload,
        begun().expect_data(CONTENT).reply("421 bye").close() => Named(&["StatusCode", "Closed"]);
    an_upload_that_ends_with_a_flood: Upload,
        begun().expect_data(CONTENT).bytes("150 more\r\n".repeat(1000)) => Named(&["Limit"]);
    an_upload_that_is_never_read: Upload, begun() => Late(&["Timeout", "Data"]);
}
