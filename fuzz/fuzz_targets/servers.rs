#![no_main]

use libfuzzer_sys::fuzz_target;
use oxftp_fuzz::protocol::check_server;

fuzz_target!(|input: &[u8]| check_server(input));
