//! Downloads and their data connections.

use std::net::Ipv4Addr;

use oxftp_testing::scripted::Script;

use super::{
    Act::{Download, Resume},
    CONTENT,
    End::{Late, Named, Whole},
    cases,
};

use crate::common::scripts::{mlst_file, opening, sending};

/// A server that knows `a`, and has been told `TYPE I`.
fn knowing(size: u64) -> Script {
    Script::new().expect("MLST a").reply(mlst_file(size)).type_image()
}

/// One that knows it rightly.
fn known() -> Script {
    knowing(CONTENT.len() as u64)
}

/// One that does not tell its size.
fn unsized_file() -> Script {
    Script::new().expect("MLST a").reply("250-x\r\n type=file; a\r\n250 End").type_image()
}

/// A transfer that was begun.
fn begun() -> Script {
    opening(known(), "RETR a")
}

fn passive(epsv: &str, pasv: &str) -> Script {
    known().expect("EPSV").reply(epsv).expect("PASV").reply(pasv)
}

/// A transfer over what `PASV` opened after `EPSV` was answered so.
fn after_epsv(answer: &str) -> Script {
    known()
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
        Script::new().expect("MLST a").reply(mlst_file(10)).expect("TYPE I").reply("504 no") => Named(&["StatusCode"]);
    type_reply_226: Download,
        sending(Script::new().expect("MLST a").reply(mlst_file(10)).expect("TYPE I").reply("226 ok"), "RETR a", CONTENT)
        => Whole;

    epsv_reply_with_address: Download, after_epsv("229 (|1|10.0.0.1|21|)") => Whole;
    epsv_reply_with_port_zero: Download, after_epsv("229 (|||0|)") => Whole;
    epsv_reply_with_port_too_large: Download, after_epsv("229 (|||65536|)") => Whole;
    epsv_reply_with_negative_port: Download, after_epsv("229 (|||-21|)") => Whole;
    truncated_epsv_reply: Download, after_epsv("229 (|||21") => Whole;
    epsv_reply_in_pasv_format: Download, after_epsv("227 (127,0,0,1,0,21)") => Whole;
    epsv_reply_350: Download, after_epsv("350 what") => Whole;
    pasv_reply_with_five_numbers: Download, passive("500 no", "227 (127,0,0,1,4)") => Named(&["DataConnect"]);
    pasv_reply_with_seven_numbers: Download, passive("500 no", "227 (127,0,0,1,4,5,6)") => Named(&["DataConnect"]);
    pasv_reply_with_number_too_large: Download, passive("500 no", "227 (127,0,0,1,4,256)") => Named(&["DataConnect"]);
    pasv_reply_with_port_zero: Download, passive("500 no", "227 (127,0,0,1,0,0)") => Named(&["DataConnect"]);
    pasv_reply_of_garbage: Download, passive("500 no", "227 %s%s%n,,,,,") => Named(&["DataConnect"]);
    pasv_reply_with_signs: Download, passive("500 no", "227 (+127,-0,0,1,4,5)") => Named(&["DataConnect"]);
    refused_pasv: Download, passive("500 no", "425 no ports") => Named(&["StatusCode"]);
    pasv_reply_421: Download, passive("500 no", "421 bye") => Named(&["StatusCode"]);
    pasv_reply_without_parentheses: Download,
        sending_by_pasv(Script::pasv) => Whole;
    pasv_reply_with_foreign_address: Download,
        sending_by_pasv(|script| script.pasv_naming(Ipv4Addr::new(127, 0, 0, 9))) => Whole;

    refused_retr: Download, known().passive().expect("RETR a").reply("550 no") => Named(&["StatusCode"]);
    retr_refused_after_preliminary_reply: Download, begun().close_data().reply("550 no") => Named(&["StatusCode"]);
    retr_refused_then_226: Download,
        known().passive().expect("RETR a").bytes("425 no\r\n226 done\r\n") => Named(&["StatusCode"]);
    reply_421_instead_of_150: Download,
        known().passive().expect("RETR a").reply("421 bye").close() => Named(&["StatusCode", "Closed"]);
    preliminary_reply_twice: Download,
        known().passive().expect("RETR a").bytes("150 a\r\n150 b\r\n").data(CONTENT).reply("226 done") => Whole;
    endless_preliminary_replies: Download,
        known().passive().expect("RETR a").bytes("150 a\r\n".repeat(1000)).close_data() => Named(&["Limit"]);
    missing_preliminary_reply: Download,
        known().passive().expect("RETR a").data(CONTENT).reply("226 done") => Whole;
    retr_reply_350: Download,
        known().passive().expect("RETR a").reply("350 go on") => Named(&["StatusCode"]);
    final_reply_before_preliminary_reply: Download,
        known().passive().expect("RETR a").reply("226 done").data(CONTENT).reply("150 here") => Whole;
    final_reply_before_data: Download, begun().reply("226 done").data(CONTENT) => Whole;
    final_reply_without_data: Download,
        begun().reply("226 done").close_data().expect("SIZE a").reply("213 10") => Named(&["SizeMismatch"]);
    final_reply_before_stalled_data: Download, begun().reply("226 done").send("ten") => Late(&["Data"]);

    data_connection_never_used: Download, begun() => Late(&["DataConnect", "Data", "Timeout"]);
    stalled_data: Download, begun().send("ten") => Late(&["Data"]);
    empty_data: Download, begun().close_data().reply("226 done").expect("SIZE a").reply("213 10") => Named(&["SizeMismatch"]);
    truncated_data: Download, begun().data("ten").reply("226 done").expect("SIZE a").reply("213 10") => Named(&["SizeMismatch"]);
    data_longer_than_size: Download,
        begun().data("ten bytes! and more").reply("226 done").expect("SIZE a").reply("213 10")
        => Named(&["SizeMismatch"]);
    reset_data_connection: Download, begun().send("ten").reset_data().reply("226 done") => Named(&["Data"]);
    reset_data_connection_of_unknown_size: Download,
        opening(unsized_file(), "RETR a").send("ten").reset_data().reply("226 done") => Named(&["Data"]);
    final_reply_451: Download, begun().data(CONTENT).reply("451 disk") => Named(&["StatusCode"]);
    truncated_final_reply: Download, begun().data(CONTENT).bytes("226 do").close() => Named(&["Closed"]);
    final_reply_truncated_before_line_feed: Download,
        begun().data(CONTENT).bytes("226 done\r").close() => Named(&["Closed"]);
    truncated_multiline_final_reply: Download,
        begun().data(CONTENT).bytes("226-done\r\n").close() => Named(&["Closed"]);
    missing_final_reply: Download, begun().data(CONTENT) => Late(&["Timeout"]);
    unparsable_final_reply: Download, begun().data(CONTENT).bytes("done!\r\n") => Named(&["Protocol"]);
    final_reply_200: Download, begun().data(CONTENT).reply("200 ok") => Whole;
    final_reply_350: Download, begun().data(CONTENT).reply("350 more") => Named(&["StatusCode"]);
    flood_of_replies_after_data: Download,
        begun().data(CONTENT).bytes("150 more\r\n".repeat(1000)) => Named(&["Limit"]);
    final_reply_421: Download,
        begun().data(CONTENT).reply("421 bye").close() => Named(&["StatusCode", "Closed"]);
    control_connection_closed_during_data: Download,
        begun().send("ten").close() => Named(&["Data", "Closed"]);
    control_connection_reset_during_data: Download,
        begun().send("ten").reset() => Named(&["Data", "Control"]);
    control_connection_closed_after_data: Download,
        begun().data(CONTENT).close() => Named(&["Closed"]);

    size_beyond_u64: Download,
        sending(Script::new().expect("MLST a").reply("250-x\r\n type=file;size=99999999999999999999; a\r\n250 End")
            .type_image(), "RETR a", CONTENT) => Whole;
    negative_size: Download,
        sending(Script::new().expect("MLST a").reply("250-x\r\n type=file;size=-1; a\r\n250 End")
            .type_image(), "RETR a", CONTENT) => Whole;
    size_of_u64_max: Download,
        sending(knowing(u64::MAX), "RETR a", CONTENT).expect("SIZE a").reply("213 18446744073709551615")
        => Named(&["SizeMismatch"]);

    resume_with_partial_file_too_short_to_compare: Resume, sending(known(), "RETR a", CONTENT) => Whole;
}

/// A whole transfer over what this spelling of `PASV` opens.
fn sending_by_pasv(pasv: impl FnOnce(Script) -> Script) -> Script {
    let script = pasv(known().expect("EPSV").reply("500 no"));
    script.expect("RETR a").reply("150 here").data(CONTENT).reply("226 done")
}
