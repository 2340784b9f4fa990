#![no_main]

use libfuzzer_sys::fuzz_target;
use oxftp_fuzz::protocol::check_classes;

fuzz_target!(|input: &[u8]| check_classes(input));
