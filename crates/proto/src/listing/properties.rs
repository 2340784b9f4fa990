//! Properties of all formats, for any line.

use proptest::prelude::*;

use super::{parsed_line::kind_of, *};
use crate::{Entry, EntryKind, Limits, Timestamp};

fn now() -> Timestamp {
    Timestamp::from_date(2024, 5, 1).unwrap()
}

fn all_answers(line: &[u8]) -> Vec<Result<Entry, ListingError>> {
    Format::all().map(|format| format.parse(line, now())).collect()
}

fn is_part(part: &[u8], line: &[u8]) -> bool {
    memchr::memmem::find(line, part).is_some()
}

/// z/VM prints the two parts of a name in columns, and expects them with a dot between.
fn is_joined(name: &[u8], line: &[u8]) -> bool {
    let mut dots = name.iter().enumerate().filter(|(_, byte)| **byte == b'.');
    dots.any(|(dot, _)| is_part(&name[..dot], line) && is_part(&name[dot + 1..], line))
}

fn check(line: &[u8]) -> Result<(), TestCaseError> {
    for answer in all_answers(line) {
        match answer {
            Ok(entry) => {
                prop_assert!(!entry.name().is_empty());
                prop_assert!(is_part(entry.name(), line) || is_joined(entry.name(), line));
                prop_assert!(entry.link_target().is_none_or(|target| is_part(target, line)));
                prop_assert_eq!(entry.raw(), line);
                prop_assert!(entry.mode.is_none_or(|mode| mode <= 0o7777));
            }
            Err(error) => prop_assert!(error.to_string().len() < 1500),
        }
    }
    let mut parser = ListingParser::list(now());
    parser.push(line);
    parser.finish();
    prop_assert_eq!(parser.next_entry().is_some(), parse_list_line(line, now()).is_ok());
    Ok(())
}

/// Names of any bytes except line endings and NUL, including blanks at both ends and arrows.
fn names() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 1..40);
    let odd = "[ ;=a.é>\\[\\]-]{1,12}".prop_map(String::into_bytes);
    prop_oneof![bytes, odd]
        .prop_filter("a line end", |name| !name.iter().any(|byte| b"\r\n\0".contains(byte)))
}

fn dates() -> impl Strategy<Value = Timestamp> {
    (1970_u16..2070, 1_u8..=12, 1_u8..=28, 0_u8..24, 0_u8..60).prop_map(|(year, month, day, hour, minute)| {
        Timestamp::from_date(year, month, day).and_then(|date| date.at(hour, minute)).unwrap()
    })
}

/// Returns lines that are almost valid, which reach deeper parts of the parsers than random bytes.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        "[-dlbcps][-rwxsStTlL]{9}[+.@]?",
        "[0-9]{1,21},?",
        "(Jan|Feb|nov|Mayo|Sept)\\.?,?",
        "[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}",
        "[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?(\\.[0-9]{0,10})?(AM|pm)?",
        "<(DIR|SYMLINKD|JUNCTION|X)>",
        "(type|size|modify|UNIX.mode|unix.owner)=[a-zA-Z0-9:=./]{0,15};?",
        "OS\\.unix=slink:?",
        "->|\\[|\\]|;|=|[+-][0-9]{4}|é",
        "([A-Z]{1,9}|[A-Z]:\\[[A-Z,]{0,3}\\]A)(\\.DIR)?(;[0-9]{0,2})?",
        "[0-9]{1,2}-(JAN|feb)-[0-9]{2,4}|[0-9]{1,3}/[0-9]{0,3}",
        "\\[[A-Z,]{0,3}\\]|\\((RWED?|,|X){0,5}\\)|\"[NUO-]{4}\"|[0-9]{1,3},",
        "\\*(DIR|STMF|FILE|MEM|[A-Z]{1,3})|V|F|D|-|(VSAM|PO|DIR|ANY|GDG|Migrated)",
        "(JOB|TSU|J)[0-9]{5,7}|OUTPUT|\\*\\*NONE\\*\\*|[0-9]{2}\\.[0-9]{2}|[0-9A-F]{6}",
        "[A-Z-]{10}(FTP|TCP)?|'[a-z /]{0,4}'|[a-z]{1,3}/",
        "[d-] ?\\[[RWCEAFMS-]{8}\\]",
        "(Jan|Feb|Nov)-[0-9]{2}-[0-9]{4}",
        "\\+?(r|/|[ms][0-9]{1,12}|i7|up644)[,\t]",
        "-rw-|drwxr-x|[da-][l-]rw-r--r--|M 4|V1|EXEC|[0-9]:[0-9]|/x/inFeb|000|\\*{1,6}|0000-00-00",
        "\\[[A-Z]{1,3},|%X[0-9]{4}|<%RMS-E-FNF,|size=7;|type=dir; |[a-z]{2}:[a-z]{2}:s0|insgesamt",
        "DIR|A|RHS|-|Thur\\.|[0-9]{1,2}\\.[0-9]{1,2}|d-ewrewr|readme/?",
    ];
    prop::collection::vec((word, " {0,3}"), 1..12).prop_map(|words| {
        words.into_iter().flat_map(|(word, blanks)| (word + &blanks).into_bytes()).collect()
    })
}

proptest! {
    #[test]
    fn random_bytes_never_panic_or_invent_names(line in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&line)?;
    }

    #[test]
    fn almost_valid_lines_never_panic_nor_invent(line in nearly()) {
        check(&line)?;
    }

    #[test]
    fn mlsd_line_parses_back(name in names(), size: u64, date in dates(), mode in 0_u32..0o10000) {
        let facts = format!("type=file;size={size};modify={};UNIX.mode=0{mode:o};UNIX.owner=a b; ", date.to_mlsx());
        let line = [facts.as_bytes(), &name].concat();
        let entry = parse_mlsx_line(&line, &Limits::default()).unwrap();

        prop_assert_eq!(entry.kind, kind_of(&name, EntryKind::File));
        prop_assert_eq!(entry.modified.unwrap().to_mlsx(), date.to_mlsx());
        prop_assert_eq!((entry.name(), entry.size, entry.mode), (&*name, Some(size), Some(mode)));
        prop_assert!(entry.owner().is_some_and(|owner| owner == "a b"));
    }

    #[test]
    fn unix_line_parses_back(name in names(), size: u64, links: u32, date in dates(), bits in 0_u32..0o1000) {
        let letters: String = (0..9).map(|at| if bits >> (8 - at) & 1 == 1 { ['r', 'w', 'x'][at % 3] } else { '-' }).collect();
        let columns = format!("-{letters} {links:>3} ann      staff {size:>12} {} ", date.to_string().replace('T', " "));
        let entry = parse_unix_line(&[columns.as_bytes(), &name].concat(), now()).unwrap();

        prop_assert_eq!(entry.modified, Some(date));
        prop_assert_eq!((entry.name(), entry.size, entry.mode), (&*name, Some(size), Some(bits)));
        prop_assert_eq!(entry.links, Some(links));
        prop_assert!(entry.group().is_some_and(|group| group == "staff"));
    }

    #[test]
    fn dos_line_parses_back(name in names(), size in prop::option::of(any::<u64>()), date in dates()) {
        let half = if date.hour() < 12 { "AM" } else { "PM" };
        let hour = (date.hour() + 11) % 12 + 1;
        let what = size.map_or("<DIR>         ".to_owned(), |size| size.to_string());
        let (month, day, year, minute) = (date.month(), date.day(), date.year() % 100, date.minute());
        let columns = format!("{month:02}-{day:02}-{year:02}  {hour:02}:{minute:02}{half} {what:>20} ");
        let entry = parse_dos_line(&[columns.as_bytes(), &name].concat()).unwrap();

        prop_assert_eq!((entry.name(), entry.size, entry.modified), (&*name, size, Some(date)));
    }

    #[test]
    fn eplf_line_parses_back(name in names(), size: u64, date in dates(), mode in 0_u32..0o10000, directory: bool) {
        let (kind, letter) = if directory { (EntryKind::Directory, '/') } else { (EntryKind::File, 'r') };
        let seconds = date.to_unix(0);
        let facts = format!("+i7.5,m{seconds},{letter},s{size},up{mode:o},\t");
        let entry = Format::Eplf.parse(&[facts.as_bytes(), &name].concat(), now()).unwrap();

        prop_assert_eq!(entry.kind, kind_of(&name, kind));
        prop_assert_eq!(entry.modified, Timestamp::from_unix(seconds, 0));
        prop_assert_eq!((entry.name(), entry.size, entry.mode), (&*name, Some(size), Some(mode)));
    }

    #[test]
    fn recent_date_without_year_parses_back(day in 1_u8..=28, month in 1_u8..=12, hour in 0_u8..24) {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let text = format!("{} {day:>2} {hour:02}:30", MONTHS[usize::from(month) - 1]);
        let date = parse_ls_date(text.as_bytes(), now()).unwrap();

        let age = now().to_unix(0) - date.to_unix(0);
        prop_assert!((-86_400..366 * 86_400).contains(&age), "{} is {} seconds old", date, age);
    }
}
