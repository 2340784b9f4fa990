//! Misbehaviour during downloads and on their data connections.

use std::net::Ipv4Addr;

use oxftp_testing::scripted::Script;

use super::{
    Action::{Download, Resume},
    CONTENT,
    Expected::{Complete, Error, ErrorAfterTimeout},
    cases,
};

use crate::common::scripts::{mlst_file, open_transfer, send_file};

/// A server that reports this size for `a` and has received `TYPE I`.
fn reporting_size(size: u64) -> Script {
    Script::new().expect("MLST a").reply(mlst_file(size)).type_image()
}

/// A server that reports the correct size.
fn reporting_correct_size() -> Script {
    reporting_size(CONTENT.len() as u64)
}

/// A server that reports no size.
fn unsized_file() -> Script {
    Script::new().expect("MLST a").reply("250-x\r\n type=file; a\r\n250 End").type_image()
}

/// A transfer after its preliminary reply.
fn started() -> Script {
    open_transfer(reporting_correct_size(), "RETR a")
}

fn passive(epsv: &str, pasv: &str) -> Script {
    reporting_correct_size().expect("EPSV").reply(epsv).expect("PASV").reply(pasv)
}

/// A transfer with `PASV` after this reply to `EPSV`.
fn after_epsv(answer: &str) -> Script {
    reporting_correct_size()
        .expect("EPSV")
        .reply(answer)
        .pasv()
        .expect("RETR a")
        .reply("150 here")
        .data(CONTENT)
        .reply("226 done")
}

cases! {
    refused_type_command: Download,
        Script::new().expect("MLST a").reply(mlst_file(10)).expect("TYPE I").reply("504 no").expect("TYPE L 8").reply("504 no")
            .expect("TYPE A").reply("200 ok") => Error(&["Unsupported"]);
    type_reply_226: Download,
        send_file(Script::new().expect("MLST a").reply(mlst_file(10)).expect("TYPE I").reply("226 ok"), "RETR a", CONTENT)
        => Complete;

    epsv_reply_with_address: Download, after_epsv("229 (|1|10.0.0.1|21|)") => Complete;
    epsv_reply_with_port_zero: Download, after_epsv("229 (|||0|)") => Complete;
    epsv_reply_with_port_too_large: Download, after_epsv("229 (|||65536|)") => Complete;
    epsv_reply_with_negative_port: Download, after_epsv("229 (|||-21|)") => Complete;
    truncated_epsv_reply: Download, after_epsv("229 (|||21") => Complete;
    epsv_reply_in_pasv_format: Download, after_epsv("227 (127,0,0,1,0,21)") => Complete;
    epsv_reply_350: Download, after_epsv("350 what") => Complete;
    pasv_reply_with_five_numbers: Download, passive("500 no", "227 (127,0,0,1,4)") => Error(&["DataConnect"]);
    pasv_reply_with_seven_numbers: Download, passive("500 no", "227 (127,0,0,1,4,5,6)") => Error(&["DataConnect"]);
    pasv_reply_with_number_too_large: Download, passive("500 no", "227 (127,0,0,1,4,256)") => Error(&["DataConnect"]);
    pasv_reply_with_port_zero: Download, passive("500 no", "227 (127,0,0,1,0,0)") => Error(&["DataConnect"]);
    pasv_reply_of_garbage: Download, passive("500 no", "227 %s%s%n,,,,,") => Error(&["DataConnect"]);
    pasv_reply_with_signs: Download, passive("500 no", "227 (+127,-0,0,1,4,5)") => Error(&["DataConnect"]);
    refused_pasv: Download, passive("500 no", "425 no ports") => Error(&["StatusCode"]);
    pasv_reply_421: Download, passive("500 no", "421 bye") => Error(&["StatusCode"]);
    pasv_reply_without_parentheses: Download,
        send_file_by_pasv(Script::pasv) => Complete;
    pasv_reply_with_foreign_address: Download,
        send_file_by_pasv(|script| script.pasv_naming(Ipv4Addr::new(127, 0, 0, 9))) => Complete;

    refused_retr: Download, reporting_correct_size().passive().expect("RETR a").reply("550 no") => Error(&["StatusCode"]);
    retr_refused_after_preliminary_reply: Download, started().close_data().reply("550 no") => Error(&["StatusCode"]);
    retr_refused_then_226: Download,
        reporting_correct_size().passive().expect("RETR a").bytes("425 no\r\n226 done\r\n") => Error(&["StatusCode"]);
    reply_421_instead_of_150: Download,
        reporting_correct_size().passive().expect("RETR a").reply("421 bye").close() => Error(&["StatusCode", "Closed"]);
    preliminary_reply_twice: Download,
        reporting_correct_size().passive().expect("RETR a").bytes("150 a\r\n150 b\r\n").data(CONTENT).reply("226 done") => Complete;
    endless_preliminary_replies: Download,
        reporting_correct_size().passive().expect("RETR a").bytes("150 a\r\n".repeat(1000)).close_data() => Error(&["Limit"]);
    missing_preliminary_reply: Download,
        reporting_correct_size().passive().expect("RETR a").data(CONTENT).reply("226 done") => Complete;
    retr_reply_350: Download,
        reporting_correct_size().passive().expect("RETR a").reply("350 go on") => Error(&["StatusCode"]);
    final_reply_before_preliminary_reply: Download,
        reporting_correct_size().passive().expect("RETR a").reply("226 done").data(CONTENT).reply("150 here") => Complete;
    final_reply_before_data: Download, started().reply("226 done").data(CONTENT) => Complete;
    final_reply_without_data: Download,
        started().reply("226 done").close_data().expect("SIZE a").reply("213 10") => Error(&["SizeMismatch"]);
    final_reply_before_stalled_data: Download, started().reply("226 done").send("ten") => ErrorAfterTimeout(&["Data"]);

    data_connection_never_used: Download, started() => ErrorAfterTimeout(&["DataConnect", "Data", "Timeout"]);
    stalled_data: Download, started().send("ten") => ErrorAfterTimeout(&["Data"]);
    empty_data: Download, started().close_data().reply("226 done").expect("SIZE a").reply("213 10") => Error(&["SizeMismatch"]);
    truncated_data: Download, started().data("ten").reply("226 done").expect("SIZE a").reply("213 10") => Error(&["SizeMismatch"]);
    data_longer_than_size: Download,
        started().data("ten bytes! and more").reply("226 done").expect("SIZE a").reply("213 10")
        => Error(&["SizeMismatch"]);
    reset_data_connection: Download, started().send("ten").reset_data().reply("226 done") => Error(&["Data"]);
    reset_after_all_data: Download, started().send(CONTENT).reset_data().reply("226 done") => Complete;
    reset_after_all_data_without_success: Download,
        started().send(CONTENT).reset_data().reply("426 reset") => Error(&["StatusCode"]);
    reset_data_connection_of_unknown_size: Download,
        open_transfer(unsized_file(), "RETR a").send("ten").reset_data().reply("226 done") => Error(&["Data"]);
    final_reply_451: Download, started().data(CONTENT).reply("451 disk") => Error(&["StatusCode"]);
    truncated_final_reply: Download, started().data(CONTENT).bytes("226 do").close() => Error(&["Closed"]);
    final_reply_truncated_before_line_feed: Download,
        started().data(CONTENT).bytes("226 done\r").close() => Error(&["Closed"]);
    truncated_multiline_final_reply: Download,
        started().data(CONTENT).bytes("226-done\r\n").close() => Error(&["Closed"]);
    missing_final_reply: Download, started().data(CONTENT) => ErrorAfterTimeout(&["Timeout"]);
    unparsable_final_reply: Download, started().data(CONTENT).bytes("done!\r\n") => Error(&["Protocol"]);
    final_reply_200: Download, started().data(CONTENT).reply("200 ok") => Complete;
    final_reply_350: Download, started().data(CONTENT).reply("350 more") => Error(&["StatusCode"]);
    flood_of_replies_after_data: Download,
        started().data(CONTENT).bytes("150 more\r\n".repeat(1000)) => Error(&["Limit"]);
    final_reply_421: Download,
        started().data(CONTENT).reply("421 bye").close() => Error(&["StatusCode", "Closed"]);
    control_connection_closed_during_data: Download,
        started().send("ten").close() => Error(&["Data", "Closed"]);
    control_connection_reset_during_data: Download,
        started().send("ten").reset() => Error(&["Data", "Control"]);
    control_connection_closed_after_data: Download,
        started().data(CONTENT).close() => Error(&["Closed"]);

    size_beyond_u64: Download,
        send_file(Script::new().expect("MLST a").reply("250-x\r\n type=file;size=99999999999999999999; a\r\n250 End")
            .type_image(), "RETR a", CONTENT) => Complete;
    negative_size: Download,
        send_file(Script::new().expect("MLST a").reply("250-x\r\n type=file;size=-1; a\r\n250 End")
            .type_image(), "RETR a", CONTENT) => Complete;
    size_of_u64_max: Download,
        send_file(reporting_size(u64::MAX), "RETR a", CONTENT).expect("SIZE a").reply("213 18446744073709551615")
        => Error(&["SizeMismatch"]);

    resume_with_partial_file_too_short_to_compare: Resume, send_file(reporting_correct_size(), "RETR a", CONTENT) => Complete;
}

/// A complete transfer with this form of `PASV` reply.
fn send_file_by_pasv(pasv: impl FnOnce(Script) -> Script) -> Script {
    let script = pasv(reporting_correct_size().expect("EPSV").reply("500 no"));
    script.expect("RETR a").reply("150 here").data(CONTENT).reply("226 done")
}
