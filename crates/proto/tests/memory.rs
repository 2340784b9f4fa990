//! Memory used by a listing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "the figure is what is wanted")]

use oxftp_proto::{Entry, Timestamp, listing::ListingParser};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

// The only test of this file, because another one would allocate at the same time.
#[test]
fn list_entry_uses_little_memory() {
    let before = HEAP.current_usage();
    let mut entries = read(100_000);
    let grown = HEAP.current_usage() - before;
    entries.shrink_to_fit();
    let shrunk = HEAP.current_usage() - before;

    let names: usize = entries.iter().map(|entry| entry.name().len()).sum();
    let beyond = |bytes: usize| (bytes - names) / entries.len();
    println!("{} bytes an entry beyond its name, {} as the Vec grew", beyond(shrunk), beyond(grown));
    assert_eq!(entries.len(), 100_000);
    assert!(beyond(shrunk) <= 200, "{} bytes an entry", beyond(shrunk));
}

/// Parses lines as vsftpd prints them; each line is dropped after it was parsed.
fn read(lines: usize) -> Vec<Entry> {
    let mut parser = ListingParser::list(Timestamp::from_date(2024, 5, 1).unwrap());
    let mut entries = Vec::new();
    for number in 0..lines {
        let line = format!(
            "-rw-r--r--    1 1000     1000     {:8} Apr 30 09:15 report {number:06}.txt",
            number * 37
        );
        parser.push(line.as_bytes());
        entries.extend(std::iter::from_fn(|| parser.next_entry()));
    }
    parser.finish();
    entries.extend(std::iter::from_fn(|| parser.next_entry()));
    entries
}
