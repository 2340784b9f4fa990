#![no_main]

use libfuzzer_sys::fuzz_target;
use oxftp_fuzz::listing::check_lines;
use oxftp_proto::listing::Format;

fuzz_target!(|text: &[u8]| check_lines(Format::Vos, text));
