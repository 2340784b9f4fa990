//! Speed of decoding replies: `cargo bench -p oxftp-proto --bench replies`.
//!
//! - `short`: the replies to a transfer, all at once;
//! - `pieces`: the same, one byte at a time, as a hostile server sends it;
//! - `long`: one reply of 900 lines, such as that to `STAT` of a directory.

#![allow(missing_docs, reason = "criterion's macros write functions without")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use oxftp_proto::{Limits, ReplyDecoder};

criterion_group!(benches, replies);
criterion_main!(benches);

fn replies(criterion: &mut Criterion) {
    let short = SHORT.repeat(250);
    let lines: String = (0..900).map(|number| format!(" line {number} of a long reply\r\n")).collect();
    let long = format!("213-Status\r\n{lines}213 End\r\n");
    let mut group = criterion.benchmark_group("replies");

    group.throughput(Throughput::Elements(1000));
    group.bench_function("short", |bencher| bencher.iter(|| decode([black_box(short.as_bytes())])));
    group.bench_function("pieces", |bencher| bencher.iter(|| decode(black_box(short.as_bytes()).chunks(1))));
    group.throughput(Throughput::Bytes(long.len() as u64));
    group.bench_function("long", |bencher| bencher.iter(|| decode([black_box(long.as_bytes())])));
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> u32 {
    let mut decoder = ReplyDecoder::new(&Limits::default());
    let mut codes = 0;
    for piece in pieces {
        decoder.feed(piece);
        while let Some(reply) = decoder.next_reply().unwrap() {
            codes += u32::from(reply.code().get());
        }
    }
    codes
}

const SHORT: &str = "229 Entering Extended Passive Mode (|||40123|)\r\n\
    150 Opening BINARY mode data connection for many/f0000001 (4096 bytes).\r\n\
    226 Transfer complete.\r\n200 NOOP ok.\r\n";
