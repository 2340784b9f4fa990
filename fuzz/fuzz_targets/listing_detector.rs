#![no_main]

use libfuzzer_sys::fuzz_target;
use oxftp_fuzz::listing::check_listing;

fuzz_target!(|input: &[u8]| check_listing(input));
