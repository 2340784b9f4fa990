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
    a_type_that_is_refused: Download,
        Script::new().expect("MLST a").reply(mlst_file(10)).expect("TYPE I").reply("504 no") => Named(&["StatusCode"]);
    a_type_that_is_answered_oddly: Download,
        sending(Script::new().expect("MLST a").reply(mlst_file(10)).expect("TYPE I").reply("226 ok"), "RETR a", CONTENT)
        => Whole;

    an_epsv_with_an_address: Download, after_epsv("229 (|1|10.0.0.1|21|)") => Whole;
    an_epsv_with_port_zero: Download, after_epsv("229 (|||0|)") => Whole;
    an_epsv_with_a_port_too_large: Download, after_epsv("229 (|||65536|)") => Whole;
    an_epsv_with_a_negative_port: Download, after_epsv("229 (|||-21|)") => Whole;
    an_epsv_without_an_end: Download, after_epsv("229 (|||21") => Whole;
    an_epsv_answered_as_pasv: Download, after_epsv("227 (127,0,0,1,0,21)") => Whole;
    an_epsv_that_is_refused_oddly: Download, after_epsv("350 what") => Whole;
    a_pasv_with_five_numbers: Download, passive("500 no", "227 (127,0,0,1,4)") => Named(&["DataConnect"]);
    a_pasv_with_seven_numbers: Download, passive("500 no", "227 (127,0,0,1,4,5,6)") => Named(&["DataConnect"]);
    a_pasv_with_a_number_too_large: Download, passive("500 no", "227 (127,0,0,1,4,256)") => Named(&["DataConnect"]);
    a_pasv_with_port_zero: Download, passive("500 no", "227 (127,0,0,1,0,0)") => Named(&["DataConnect"]);
    a_pasv_of_garbage: Download, passive("500 no", "227 %s%s%n,,,,,") => Named(&["DataConnect"]);
    a_pasv_with_signs: Download, passive("500 no", "227 (+127,-0,0,1,4,5)") => Named(&["DataConnect"]);
    a_pasv_that_is_refused: Download, passive("500 no", "425 no ports") => Named(&["StatusCode"]);
    a_pasv_that_closes: Download, passive("500 no", "421 bye") => Named(&["StatusCode"]);
    a_pasv_without_brackets: Download,
        sending_by_pasv(Script::pasv) => Whole;
    a_pasv_that_names_somebody_else: Download,
        sending_by_pasv(|script| script.pasv_naming(Ipv4Addr::new(127, 0, 0, 9))) => Whole;

    a_refusal: Download, known().passive().expect("RETR a").reply("550 no") => Named(&["StatusCode"]);
    a_refusal_after_the_beginning: Download, begun().close_data().reply("550 no") => Named(&["StatusCode"]);
    a_refusal_followed_by_success: Download,
        known().passive().expect("RETR a").bytes("425 no\r\n226 done\r\n") => Named(&["StatusCode"]);
    a_goodbye_in_place_of_the_beginning: Download,
        known().passive().expect("RETR a").reply("421 bye").close() => Named(&["StatusCode", "Closed"]);
    a_beginning_that_comes_twice: Download,
        known().passive().expect("RETR a").bytes("150 a\r\n150 b\r\n").data(CONTENT).reply("226 done") => Whole;
    a_beginning_that_never_ends: Download,
        known().passive().expect("RETR a").bytes("150 a\r\n".repeat(1000)).close_data() => Named(&["Limit"]);
    a_beginning_that_is_left_out: Download,
        known().passive().expect("RETR a").data(CONTENT).reply("226 done") => Whole;
    a_beginning_that_asks_for_more: Download,
        known().passive().expect("RETR a").reply("350 go on") => Named(&["StatusCode"]);
    an_end_before_the_beginning: Download,
        known().passive().expect("RETR a").reply("226 done").data(CONTENT).reply("150 here") => Whole;
    an_end_before_the_data: Download, begun().reply("226 done").data(CONTENT) => Whole;
    an_end_before_data_that_never_come: Download,
        begun().reply("226 done").close_data().expect("SIZE a").reply("213 10") => Named(&["SizeMismatch"]);
    an_end_before_data_that_stall: Download, begun().reply("226 done").send("ten") => Late(&["Data"]);

    data_that_never_come: Download, begun() => Late(&["DataConnect", "Data", "Timeout"]);
    data_that_stop: Download, begun().send("ten") => Late(&["Data"]);
    data_that_are_missing: Download, begun().close_data().reply("226 done").expect("SIZE a").reply("213 10") => Named(&["SizeMismatch"]);
    data_that_are_too_few: Download, begun().data("ten").reply("226 done").expect("SIZE a").reply("213 10") => Named(&["SizeMismatch"]);
    data_that_are_too_many: Download,
        begun().data("ten bytes! and more").reply("226 done").expect("SIZE a").reply("213 10")
        => Named(&["SizeMismatch"]);
    data_that_are_reset: Download, begun().send("ten").reset_data().reply("226 done") => Named(&["Data"]);
    data_that_are_reset_whole: Download,
        opening(unsized_file(), "RETR a").send("ten").reset_data().reply("226 done") => Named(&["Data"]);
    data_whose_end_is_a_failure: Download, begun().data(CONTENT).reply("451 disk") => Named(&["StatusCode"]);
    data_whose_end_is_cut: Download, begun().data(CONTENT).bytes("226 do").close() => Named(&["Closed"]);
    data_whose_end_is_cut_before_its_line_feed: Download,
        begun().data(CONTENT).bytes("226 done\r").close() => Named(&["Closed"]);
    data_whose_end_is_cut_between_its_lines: Download,
        begun().data(CONTENT).bytes("226-done\r\n").close() => Named(&["Closed"]);
    data_whose_end_never_comes: Download, begun().data(CONTENT) => Late(&["Timeout"]);
    data_whose_end_is_no_reply: Download, begun().data(CONTENT).bytes("done!\r\n") => Named(&["Protocol"]);
    data_whose_end_is_of_another_kind: Download, begun().data(CONTENT).reply("200 ok") => Whole;
    data_whose_end_asks_for_more: Download, begun().data(CONTENT).reply("350 more") => Named(&["StatusCode"]);
    data_whose_end_floods: Download,
        begun().data(CONTENT).bytes("150 more\r\n".repeat(1000)) => Named(&["Limit"]);
    data_whose_end_is_a_goodbye: Download,
        begun().data(CONTENT).reply("421 bye").close() => Named(&["StatusCode", "Closed"]);
    a_control_connection_that_closes_during_the_data: Download,
        begun().send("ten").close() => Named(&["Data", "Closed"]);
    a_control_connection_that_is_reset_during_the_data: Download,
        begun().send("ten").reset() => Named(&["Data", "Control"]);
    a_control_connection_that_closes_after_the_data: Download,
        begun().data(CONTENT).close() => Named(&["Closed"]);

    a_size_beyond_all_numbers: Download,
        sending(Script::new().expect("MLST a").reply("250-x\r\n type=file;size=99999999999999999999; a\r\n250 End")
            .type_image(), "RETR a", CONTENT) => Whole;
    a_size_that_is_negative: Download,
        sending(Script::new().expect("MLST a").reply("250-x\r\n type=file;size=-1; a\r\n250 End")
            .type_image(), "RETR a", CONTENT) => Whole;
    a_size_that_is_far_too_large: Download,
        sending(knowing(u64::MAX), "RETR a", CONTENT).expect("SIZE a").reply("213 18446744073709551615")
        => Named(&["SizeMismatch"]);

    a_part_too_short_to_be_compared: Resume, sending(known(), "RETR a", CONTENT) => Whole;
}

/// A whole transfer over what this spelling of `PASV` opens.
fn sending_by_pasv(pasv: impl FnOnce(Script) -> Script) -> Script {
    let script = pasv(known().expect("EPSV").reply("500 no"));
    script.expect("RETR a").reply("150 here").data(CONTENT).reply("226 done")
}
