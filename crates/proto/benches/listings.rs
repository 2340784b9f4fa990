//! Speed of parsing listings, compared with suppaftp.
//!
//! `cargo bench -p oxftp-proto --bench listings`, or `just bench-listings`; an argument after `--` selects
//! one of the groups `mlsd`, `unix` and `dos`. Each parses the same 10,000 lines with different names, and
//! reports entries per second:
//!
//! - `listing`: a whole listing, whose format is known for `MLSD` and detected for `LIST`;
//! - `lines`: single lines in a known format;
//! - `suppaftp/any`: single lines in a format that suppaftp detects for each;
//! - `suppaftp/known`: single lines in a known format.
//!
//! Results on one core: 2 million entries of MLSD and 1.5 million of Unix per second, three times those of
//! suppaftp.

#![allow(missing_docs, reason = "criterion's macros write functions without")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]

use std::hint::black_box;

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use oxftp_proto::{
    Entry, Limits, Timestamp,
    listing::{ListingParser, parse_dos_line, parse_mlsx_line, parse_unix_line},
};
use suppaftp::list::{File, ListParser};

criterion_group!(benches, mlsd, unix, dos);
criterion_main!(benches);

fn mlsd(criterion: &mut Criterion) {
    let limits = Limits::default();
    let group = &mut group(criterion, "mlsd");
    let lines = lines(mlsd_line);

    whole(group, &lines, ListingParser::mlsx);
    each(group, "lines", &lines, |line| parse_mlsx_line(line.as_bytes(), &limits).unwrap());
    each(group, "suppaftp/any", &lines, |line| line.parse::<File>().unwrap());
    each(group, "suppaftp/known", &lines, |line| ListParser::parse_mlsd(line).unwrap());
}

fn unix(criterion: &mut Criterion) {
    let group = &mut group(criterion, "unix");
    let lines = lines(unix_line);

    whole(group, &lines, || ListingParser::list(now()));
    each(group, "lines", &lines, |line| parse_unix_line(line.as_bytes(), now()).unwrap());
    each(group, "suppaftp/any", &lines, |line| line.parse::<File>().unwrap());
    each(group, "suppaftp/known", &lines, |line| ListParser::parse_posix(line).unwrap());
}

fn dos(criterion: &mut Criterion) {
    let group = &mut group(criterion, "dos");
    let lines = lines(dos_line);

    whole(group, &lines, || ListingParser::list(now()));
    each(group, "lines", &lines, |line| parse_dos_line(line.as_bytes()).unwrap());
    each(group, "suppaftp/any", &lines, |line| line.parse::<File>().unwrap());
    each(group, "suppaftp/known", &lines, |line| ListParser::parse_dos(line).unwrap());
}

fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(LINES));
    group.sample_size(20);
    group
}

/// Parses the lines as one listing, and takes entries as they become available.
fn whole(group: &mut BenchmarkGroup<'_, WallTime>, lines: &[String], parser: impl Fn() -> ListingParser) {
    group.bench_function("listing", |bencher| {
        bencher.iter(|| {
            let mut parser = parser();
            let mut count = 0;
            let mut take = |parser: &mut ListingParser| {
                while let Some(entry) = parser.next_entry() {
                    black_box::<Entry>(entry);
                    count += 1;
                }
            };
            for line in lines {
                parser.push(black_box(line.as_bytes()));
                take(&mut parser);
            }
            parser.finish();
            take(&mut parser);
            assert_eq!(count, LINES);
        });
    });
}

/// Parses each line on its own.
fn each<E>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    lines: &[String],
    parse: impl Fn(&str) -> E,
) {
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            for line in lines {
                black_box(parse(black_box(line)));
            }
        });
    });
}

fn lines(line: impl Fn(u64) -> String) -> Vec<String> {
    (0..LINES).map(line).collect()
}

/// Seven facts, as ProFTPD lists them.
fn mlsd_line(number: u64) -> String {
    let (kind, day) = (["file", "file", "file", "dir"][number as usize % 4], number % 28 + 1);
    format!(
        "modify=202404{day:02}091500;perm=adfrw;size={};type={kind};unique=801U{number:X};UNIX.group=1000;\
         UNIX.mode=0644; report {number:05}.txt",
        number * 37
    )
}

/// Returns a listing in the format of vsftpd.
fn unix_line(number: u64) -> String {
    let (mode, day) =
        (["-rw-r--r--", "-rw-r--r--", "-rw-r--r--", "drwxr-xr-x"][number as usize % 4], number % 28 + 1);
    let date =
        if number.is_multiple_of(3) { format!("Feb {day:02}  2021") } else { format!("Apr {day:02} 09:15") };
    format!("{mode}    1 1000     1000     {:8} {date} report {number:05}.txt", number * 37)
}

/// Returns a listing in the format of IIS; days after the twelfth show the order of the dates.
fn dos_line(number: u64) -> String {
    let day = number % 28 + 1;
    let what =
        if number % 4 == 3 { "      <DIR>         ".to_owned() } else { format!("{:20}", number * 37) };
    format!("04-{day:02}-24  09:15AM {what} report {number:05}.txt")
}

fn now() -> Timestamp {
    Timestamp::from_date(2024, 5, 1).unwrap()
}

const LINES: u64 = 10_000;
