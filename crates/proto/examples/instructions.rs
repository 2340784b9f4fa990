//! One unit of work without I/O, whose instructions `bench/instructions` counts.

#![allow(clippy::unwrap_used, reason = "work that cannot be done fails")]

use std::hint::black_box;

use oxftp_proto::{Limits, ReplyDecoder, Timestamp, listing::ListingParser};

fn main() {
    let now = Timestamp::from_date(2024, 5, 1).unwrap();
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "replies" => replies(),
        "mlsd" => {
            listing(ListingParser::mlsx(), "type=file;size=4096;modify=20240401120000;UNIX.mode=0644; file")
        }
        "unix" => {
            listing(ListingParser::list(now), "-rw-r--r--   1 ftp      ftp          4096 Apr 01 12:00 file")
        }
        "dos" => listing(ListingParser::list(now), "04-01-24  12:00PM                 4096 file"),
        _ => {}
    }
}

fn replies() {
    let mut decoder = ReplyDecoder::new(&Limits::default());
    for _ in 0..TIMES {
        decoder
            .feed(black_box(b"229 Entering Extended Passive Mode (|||40123|)\r\n226 Transfer complete.\r\n"));
        while let Some(reply) = decoder.next_reply().unwrap() {
            black_box(reply);
        }
    }
}

fn listing(mut parser: ListingParser, line: &str) {
    for number in 0..TIMES {
        parser.push(black_box(format!("{line}{number:06}").as_bytes()));
        while let Some(entry) = parser.next_entry() {
            black_box(entry);
        }
    }
    parser.finish();
}

const TIMES: usize = 20_000;
