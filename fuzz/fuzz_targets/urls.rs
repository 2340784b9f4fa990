#![no_main]

use libfuzzer_sys::fuzz_target;
use oxftp_fuzz::url::check_url;

fuzz_target!(|text: &str| check_url(text));
