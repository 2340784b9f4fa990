#![no_main]

use libfuzzer_sys::fuzz_target;
use oxftp_fuzz::session::check_session;

fuzz_target!(|input: &[u8]| check_session(input));
