use super::*;
use crate::{
    Entry, Limits,
    listing::{ListingError, parse_mlst_line, parse_mlsx_line},
};

fn read(line: &str) -> Entry {
    try_read(line).unwrap()
}

fn try_read(line: &str) -> Result<Entry, ListingError> {
    parse_mlsx_line(line.as_bytes(), &Limits::default())
}

#[test]
fn facts_fill_the_fields_in_any_case() {
    let entry = read("Type=File;SIZE=77;Modify=20240430091500.5;UNIX.Mode=0104755;x.y=z; tool");

    assert_eq!(entry.kind, EntryKind::File);
    assert_eq!(entry.size, Some(77));
    assert_eq!(entry.modified.unwrap().to_string(), "2024-04-30T09:15:00.5Z");
    assert_eq!(entry.mode, Some(0o4755));
    assert_eq!(read("type=file;unix.mode=0o640; x").mode, Some(0o640));
    assert_eq!(entry.facts().iter().last(), Some(("x.y".into(), "z".into())));
    assert_eq!(entry.facts().len(), 5);
}

#[test]
fn type_fact_sets_kind_and_target() {
    for (text, kind, target) in [
        ("dir", EntryKind::Directory, None),
        ("cdir", EntryKind::CurrentDirectory, None),
        ("PDIR", EntryKind::ParentDirectory, None),
        ("OS.unix=slink:/a b", EntryKind::Link, Some("/a b")),
        ("os.UNIX=slink", EntryKind::Link, None),
        ("OS.unix=symlink", EntryKind::Link, None),
        ("OS.unix=slink:", EntryKind::Link, None),
        ("symlink", EntryKind::Link, None),
        ("slink:/a b", EntryKind::Link, Some("/a b")),
        ("OS.unix=chr-1/3", EntryKind::Special, None),
        ("OS.unix=blkdev", EntryKind::Special, None),
        ("OS.unix=socket", EntryKind::Special, None),
        ("x", EntryKind::Unknown, None),
        ("", EntryKind::Unknown, None),
    ] {
        let entry = read(&format!("size=1;type={text}; x"));
        assert_eq!(entry.kind, kind, "{text}");
        assert_eq!(entry.link_target(), target.map(str::as_bytes), "{text}");
    }
    assert_eq!(read("size=1; x").kind, EntryKind::Unknown);
}

#[test]
fn only_first_blank_ends_the_facts() {
    assert_eq!(read("type=file;  two blanks ").name(), b" two blanks ");
    assert_eq!(read("type=file; a; b").name(), b"a; b");
    assert_eq!(read(" no facts").name(), b"no facts");
    assert_eq!(read(";; x").name(), b"x");
    assert_eq!(read("type=file; \tx\t").name(), b"\tx\t");
}

#[test]
fn a_tab_may_end_the_facts() {
    assert_eq!(read("type=file;size=7;\ta b").name(), b"a b");
    assert_eq!(read("UNIX.group=a\tb;type=file; c").group().as_deref(), Some("a\tb"));
}

#[test]
fn blanks_may_stand_before_the_facts() {
    let entry = read("  type=file;size=7; a b");

    assert_eq!((entry.name(), entry.size, entry.kind), (&b"a b"[..], Some(7), EntryKind::File));
    assert_eq!(read(" a=b; c").name(), b"a=b; c");
}

#[test]
fn malformed_fact_does_not_affect_the_others() {
    let entry = read("size=;;type=dir;modify;=x;UNIX.mode=755;; x");

    assert_eq!((entry.size, entry.kind, entry.mode), (None, EntryKind::Directory, Some(0o755)));
}

#[test]
fn listed_directory_may_have_a_path_name() {
    let entry = read("type=cdir;modify=20240229120000; /pub/a b");

    assert_eq!((entry.name(), entry.kind), (&b"/pub/a b"[..], EntryKind::CurrentDirectory));
}

#[test]
fn the_last_semicolon_may_be_missing() {
    let entry = read("type=file;size=2020 a; b");

    assert_eq!((entry.size, entry.name()), (Some(2020), &b"a; b"[..]));
    assert_eq!(read("type=dir x").kind, EntryKind::Directory);
    assert_eq!(read("unix.owner=ann x").owner().as_deref(), Some("ann"));
}

#[test]
fn fact_value_may_contain_a_blank() {
    let entry = read("UNIX.groupname=Domain Users;type=dir; my docs");

    assert_eq!((entry.group().as_deref(), entry.name()), (Some("Domain Users"), &b"my docs"[..]));
}

#[test]
fn owner_name_overrides_owner_number() {
    let entry = read("UNIX.ownername=ann;UNIX.owner=1000;UNIX.uid=1000;UNIX.gid=7;UNIX.group=staff; x");

    assert_eq!((entry.owner().as_deref(), entry.group().as_deref()), (Some("ann"), Some("staff")));
}

#[test]
fn invalid_fact_leaves_its_field_empty() {
    let entry = read("type=;size=-1;modify=never;UNIX.mode=99;sizd=; x");

    assert_eq!((entry.size, entry.modified, entry.mode), (None, None, None));
    assert_eq!(entry.facts().get("SIZE").as_deref(), Some("-1"));
}

#[test]
fn directory_size_has_its_own_fact() {
    assert_eq!(read("type=dir;sizd=4096; x").size, Some(4096));
}

#[test]
fn a_line_without_facts_or_name_is_refused() {
    for line in ["type=file;", "type=file; ", "plain name", "a;b c"] {
        assert!(matches!(try_read(line), Err(ListingError::NotUnderstood { .. })), "{line}");
    }
    assert!(try_read("").unwrap_err().is_no_entry());
}

#[test]
fn facts_beyond_the_limit_are_refused() {
    let line = format!("{} x", "a=b;".repeat(257));

    assert!(try_read(&line).unwrap_err().to_string().ends_with("more facts than the limit allows"));
}

#[test]
fn mlst_line_loses_only_its_first_blank() {
    let parse = |line: &[u8]| parse_mlst_line(line, &Limits::default()).unwrap().name().to_vec();

    assert_eq!(parse(b" type=file; /pub/x"), b"/pub/x");
    assert_eq!(parse(b"type=file; /pub/x"), b"/pub/x");
    assert_eq!(parse(b"  /pub/x"), b"/pub/x");
}
