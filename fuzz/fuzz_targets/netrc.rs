#![no_main]

use libfuzzer_sys::fuzz_target;
use oxftp_fuzz::netrc::check_netrc;

fuzz_target!(|text: &str| check_netrc(text));
