#![no_main]

use libfuzzer_sys::fuzz_target;
use oxftp_fuzz::listing::check_splitter;

fuzz_target!(|input: &[u8]| check_splitter(input));
