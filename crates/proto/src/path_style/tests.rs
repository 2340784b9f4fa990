use proptest::prelude::*;

use super::*;
use PathStyle::{Mpe, Mvs, NonStop, Os400, Posix, RelativeOnly, Vms, Windows};

fn shown(path: Option<RemotePath>) -> Option<String> {
    path.map(|path| path.as_str().unwrap().to_owned())
}

/// A style, a directory, a name, and the joined path.
const JOINED: [(PathStyle, &str, &str, &str); 31] = [
    (Posix, "/pub", "x", "/pub/x"),
    (Posix, "", "x", "x"),
    (Posix, "C:\\pub", "x", "C:\\pub/x"),
    (Windows, "C:\\pub", "x y.txt", "C:\\pub\\x y.txt"),
    (Windows, "C:\\", "x", "C:\\x"),
    (Windows, "\\", "x", "\\x"),
    (Windows, "\\\\host\\share", "x", "\\\\host\\share\\x"),
    (Windows, "a\\b", "x", "a\\b\\x"),
    (Windows, "a", "x", "a/x"),
    (Windows, "/C:/pub", "x", "/C:/pub/x"),
    (Mvs, "'ANN.'", "SRC", "'ANN.SRC'"),
    (Mvs, "'ANN.SRC'", "MENU", "'ANN.SRC(MENU)'"),
    (Mvs, "'ANN.SRC'", "menu.txt", "'ANN.SRC'/menu.txt"),
    (Mvs, "/u/ann", "x", "/u/ann/x"),
    (Mvs, "SRC", "MENU", "SRC/MENU"),
    (Mvs, "", "SRC", "SRC"),
    (Vms, "DISK$USER:[ANN]", "A.TXT", "DISK$USER:[ANN]A.TXT"),
    (Vms, "[.SUB]", "A.TXT", "[.SUB]A.TXT"),
    (Vms, "SUB", "A.TXT", "SUB/A.TXT"),
    (Vms, "/DISK$USER/ANN", "A.TXT", "/DISK$USER/ANN/A.TXT"),
    (Os400, "QGPL", "SRC.FILE", "QGPL/SRC.FILE"),
    (Os400, "/home/ann", "x", "/home/ann/x"),
    (NonStop, "$DATA1.ANN", "NOTES", "$DATA1.ANN.NOTES"),
    (NonStop, "\\NODE.$DATA1.ANN", "NOTES", "\\NODE.$DATA1.ANN.NOTES"),
    (NonStop, "/G/data1/ann", "notes", "/G/data1/ann/notes"),
    (Mpe, "PUB.SYS", "NOTES", "NOTES.PUB.SYS"),
    (Mpe, "/SYS/PUB", "NOTES", "/SYS/PUB/NOTES"),
    (Mpe, "PUB.SYS", "a.txt", "PUB.SYS/a.txt"),
    (RelativeOnly, "a", "b", "a/b"),
    (RelativeOnly, "", "b", "b"),
    (RelativeOnly, "%s1#d01>Sales", "b", "%s1#d01>Sales>b"),
];

#[test]
fn join_follows_the_spelling_of_each_style() {
    for (style, directory, name, joined) in JOINED {
        let path = style.join(&directory.into(), &FileName::new(name).unwrap());
        assert_eq!(path.as_str(), Some(joined), "{style}");
    }
}

#[test]
fn parent_and_name_reverse_join() {
    for (style, directory, name, joined) in JOINED {
        let path = RemotePath::from(joined);
        assert_eq!(shown(style.parent(&path)).as_deref(), Some(directory), "{style} {joined}");
        assert_eq!(style.file_name(&path), FileName::new(name).ok(), "{style} {joined}");
    }
}

#[test]
fn parent_ends_at_the_root_of_each_style() {
    for (style, path, parent, name) in [
        (Posix, "/", None, None),
        (Windows, "C:\\", None, None),
        (Windows, "C:\\x\\", Some("C:\\"), Some("x")),
        (Windows, "\\", None, None),
        (Mvs, "'ANN.'", None, Some("ANN")),
        (Mvs, "'ANN.SRC.'", Some("'ANN.'"), Some("SRC")),
        (Mvs, "SRC(MENU)", Some("SRC"), Some("MENU")),
        (Mvs, "JCL.CNTL", Some(""), Some("JCL.CNTL")),
        (Mvs, "'ANN.SRC'/MENU", Some("'ANN.SRC'"), Some("MENU")),
        (Vms, "DISK:[ANN.SUB]", Some("DISK:[ANN]"), Some("SUB")),
        (Vms, "DISK:[ANN]", Some("DISK:[000000]"), Some("ANN")),
        (Vms, "DISK:[000000]", None, None),
        (Vms, "[.SUB]", Some(""), Some("SUB")),
        (Vms, "[.SUB.X^.Y]", Some("[.SUB]"), Some("X^.Y")),
        (Vms, "DISK:[ANN]A.TXT;12", Some("DISK:[ANN]"), Some("A.TXT")),
        (Vms, "SUB/A.TXT;1", Some("SUB"), Some("A.TXT")),
        (NonStop, "$DATA1", None, Some("$DATA1")),
        (NonStop, "\\NODE.$DATA1", None, Some("\\NODE.$DATA1")),
        (Mpe, "NOTES", Some(""), Some("NOTES")),
    ] {
        let path = RemotePath::from(path);
        assert_eq!(shown(style.parent(&path)).as_deref(), parent, "{style} {path}");
        assert_eq!(style.file_name(&path), name.map(|name| FileName::new(name).unwrap()), "{style} {path}");
    }
}

#[test]
fn absolute_paths_are_known_by_style() {
    for (style, absolute, relative) in [
        (Posix, &["/", "/a"][..], &["a", "C:\\a", "'A.B'", "", "DISK:[A]"][..]),
        (Windows, &["C:\\", "c:/x", "C:", "\\x", "\\\\h\\s", "/a"], &["a", "a\\b", "C:x", "1:\\"]),
        (Mvs, &["'A.B'", "'A.'", "/u/ann", "'A.B'/C"], &["A.B", "A(B)", "SRC"]),
        (
            Vms,
            &["D:[A]", "[A]", "D:[A.B]C.D;1", "DISK:", "N::D:[A]", "/D/A"],
            &["[.A]", "[-]", "A.B;1", "A", "[]"],
        ),
        (Os400, &["/home", "/QSYS.LIB/QGPL.LIB"], &["QGPL", "QGPL/SRC"]),
        (NonStop, &["$D.S", "\\N.$D.S", "/G/d"], &["S.F", "F"]),
        (Mpe, &["/SYS/PUB"], &["PUB.SYS", "F"]),
        (RelativeOnly, &["/a", "%s#d>x"], &["a", "a>b", "100%"]),
    ] {
        for path in absolute {
            assert!(style.is_absolute(&(*path).into()), "{style} {path}");
            assert!(style.can_reenter(&(*path).into()), "{style} {path}");
        }
        for path in relative {
            assert!(!style.is_absolute(&(*path).into()), "{style} {path}");
        }
    }
    assert!(Os400.can_reenter(&"QGPL".into()) && Mpe.can_reenter(&"PUB.SYS".into()));
    assert!(!Os400.can_reenter(&"".into()) && !RelativeOnly.can_reenter(&"home".into()));
}

#[test]
fn relative_path_is_joined_part_by_part() {
    for (style, directory, path, joined) in [
        (Posix, "/a", "b/../c", "/a/c"),
        (Mvs, "'ANN.'", "SRC/MENU", "'ANN.SRC(MENU)'"),
        (Mvs, "'ANN.'", "'BOB.X'", "'BOB.X'"),
        (Mvs, "'ANN.SRC'", "..", "'ANN.'"),
        (Vms, "D:[A]", "[B]", "[B]"),
        (Windows, "C:\\a", "..", "C:\\"),
        (Windows, "C:\\a", "b/c", "C:\\a\\b\\c"),
        (RelativeOnly, "a", "b", "a/b"),
        (RelativeOnly, "", "b", "b"),
    ] {
        let path = style.join_path(&directory.into(), &path.into());
        assert_eq!(path.as_str(), Some(joined), "{style}");
    }
}

#[test]
fn route_enters_directories_and_ends_with_name() {
    for (style, path, directories, name) in [
        (Posix, "a/b/c", &["a", "b"][..], "c"),
        (Posix, "/a/b/c", &["/a/b"], "c"),
        (Posix, "/c", &["/"], "c"),
        (Posix, "c", &[], "c"),
        (Mvs, "'ANN.SRC'/MENU", &["'ANN.SRC'"], "MENU"),
        (Mvs, "'ANN.'/SRC/MENU", &["'ANN.'", "SRC"], "MENU"),
        (Mvs, "'ANN.SRC(MENU)'", &[], "'ANN.SRC(MENU)'"),
        (Mvs, "'ANN.'/'BOB.X'", &[], "'BOB.X'"),
        (Mvs, "/u/ann/x", &["/u/ann"], "x"),
        (Mvs, "SRC/MENU", &["SRC"], "MENU"),
        (Vms, "DISK:[ANN]/SUB/A.TXT", &["DISK:[ANN]", "SUB"], "A.TXT"),
        (Vms, "DISK:[ANN]A.TXT;1", &[], "DISK:[ANN]A.TXT;1"),
        (Windows, "C:\\a/b/c.txt", &["C:\\a", "b"], "c.txt"),
        (Windows, "C:\\a\\c.txt", &[], "C:\\a\\c.txt"),
        (Windows, "a\\b\\c", &["a", "b"], "c"),
        (Windows, "C:/a/b/c", &["C:/a/b"], "c"),
        (Os400, "QGPL/SRC.MENU", &["QGPL"], "SRC.MENU"),
        (NonStop, "$D.S/F", &["$D.S"], "F"),
        (RelativeOnly, "a/b", &["a"], "b"),
    ] {
        let directories = directories.iter().map(|directory| RemotePath::from(*directory)).collect();
        assert_eq!(style.route(&path.into()), Route { directories, name: name.into() }, "{style} {path}");
    }
    assert_eq!(Mvs.route_into(&"'ANN.'/SRC".into()), ["'ANN.'".into(), "SRC".into()]);
    assert_eq!(RelativeOnly.route_into(&"./a/b".into()), ["a".into(), "b".into()]);
    assert_eq!(Posix.route_into(&"/a/b".into()), ["/a/b".into()]);
}

#[test]
fn vms_directories_have_two_arguments() {
    for (directory, arguments) in [
        ("SUB", &["[.SUB]", "SUB"][..]),
        ("SUB.DIR;1", &["[.SUB]", "SUB"]),
        ("x.y", &["[.x^.y]", "x.y"]),
        ("D:[A]B", &["D:[A.B]", "D:[A]B"]),
        ("D:[A]B.DIR;1", &["D:[A.B]", "D:[A]B.DIR;1"]),
        ("D:[A]", &["D:[A]"]),
        ("DISK:", &["DISK:"]),
        ("/D/A", &["/D/A"]),
        ("..", &[".."]),
    ] {
        let arguments: Vec<RemotePath> = arguments.iter().map(|argument| (*argument).into()).collect();
        assert_eq!(Vms.directory_arguments(&directory.into()), arguments);
    }
    assert_eq!(Posix.directory_arguments(&"SUB".into()), ["SUB".into()]);
}

#[test]
fn vms_version_is_dropped_from_listed_names() {
    for (style, listed, name) in [
        (Vms, "A.TXT;12", "A.TXT"),
        (Vms, "A;B.TXT", "A;B.TXT"),
        (Vms, ";1", ";1"),
        (Posix, "A.TXT;12", "A.TXT;12"),
    ] {
        assert_eq!(style.listed_name(&FileName::new(listed).unwrap()), FileName::new(name).unwrap());
    }
}

#[test]
fn style_follows_from_pwd_syst_and_greeting() {
    for (greeting, system, directory, style) in [
        ("ready", None, None, None),
        ("ready", None, Some("/"), Some(Posix)),
        ("ready", Some("UNIX Type: L8"), None, None),
        ("ready", None, Some("C:\\Users\\ann"), Some(Windows)),
        ("Microsoft FTP Service", Some("Windows_NT"), Some("/"), Some(Posix)),
        ("ready", None, Some("'ANN.'"), Some(Mvs)),
        ("FTPD1 IBM FTP CS V2R4 at MVS1", None, None, Some(Mvs)),
        ("FTPD1 IBM FTP CS V2R4 at MVS1", None, Some("/u/ann"), Some(Mvs)),
        ("ready", Some("MVS is the operating system of this server."), None, Some(Mvs)),
        ("ready", None, Some("DISK$USER:[ANN]"), Some(Vms)),
        ("node FTP Server (Version 5.4) Ready.", Some("VMS OpenVMS V8.4"), None, Some(Vms)),
        ("node MultiNet FTP Server Process V5.5", None, None, Some(Vms)),
        ("node MultiNet FTP Server Process V5.5", None, Some("/DISK/ANN"), Some(Posix)),
        ("QTCP at as400.example.com.", None, None, Some(Os400)),
        ("QTCP at as400.example.com.", None, Some("QGPL"), Some(Os400)),
        ("QTCP at as400.example.com.", None, Some("/QSYS.LIB/QGPL.LIB"), Some(Posix)),
        ("ready", None, Some("$DATA1.ANN"), Some(NonStop)),
        ("ready", None, Some("\\NODE.$DATA1.ANN"), Some(NonStop)),
        ("HP ARPA FTP Server [A0009F08] (C) Hewlett-Packard Co.", None, None, Some(Mpe)),
        ("ready", None, Some(""), None),
        ("ready", None, Some("home"), Some(RelativeOnly)),
        ("ready", None, Some("%s1#d01>Sales"), Some(RelativeOnly)),
        ("the vmsx mirror", None, None, None),
    ] {
        let directory = directory.map(RemotePath::from);
        let hints = PathStyleHints { greeting, system, directory: directory.as_ref() };
        assert_eq!(hints.style(), style, "{hints:?}");
    }
}

fn any_style() -> impl Strategy<Value = PathStyle> {
    prop::sample::select(vec![Posix, Windows, Mvs, Vms, Os400, NonStop, Mpe, RelativeOnly])
}

/// Directories that the style can spell.
fn directory_of(style: PathStyle) -> BoxedStrategy<String> {
    let pattern = match style {
        Posix | RelativeOnly | Os400 => "(/?[a-z]{1,5}(/[a-z. ]{0,3}[a-z]){0,2})?",
        Windows => "[A-Z]:\\\\([a-z]{1,5}(\\\\[a-z ]{0,3}[a-z]){0,2})?",
        Mvs => "'[A-Z]{1,5}(\\.[A-Z]{1,8}){0,2}\\.?'|([A-Z]{1,5})?",
        Vms => "[A-Z$]{2,5}:\\[[A-Z]{1,5}(\\.[A-Z]{1,5}){0,2}\\]|([A-Z]{1,5})?",
        NonStop => "(\\\\[A-Z]{2,4}\\.)?\\$[A-Z]{1,5}\\.[A-Z]{1,5}",
        Mpe => "([A-Z]{1,5}\\.[A-Z]{1,5}|(/[A-Z]{1,5}){1,2})?",
    };
    pattern.boxed()
}

fn directory_and_name() -> impl Strategy<Value = (PathStyle, String, String)> {
    any_style().prop_flat_map(|style| (Just(style), directory_of(style), "[A-Z][A-Z0-9]{0,7}"))
}

proptest! {
    #[test]
    fn parent_and_name_of_joined_path_round_trip((style, directory, name) in directory_and_name()) {
        let directory = RemotePath::from(directory);
        let name = FileName::new(name).unwrap();
        let joined = style.join(&directory, &name);
        prop_assert_eq!(style.parent(&joined), Some(directory.clone()));
        prop_assert_eq!(style.file_name(&joined), Some(name.clone()));
        prop_assert_eq!(style.is_absolute(&joined), style.is_absolute(&directory));
    }

    #[test]
    fn slash_joined_path_routes_to_bare_name((style, directory, name) in directory_and_name()) {
        let directory = RemotePath::from(directory);
        let name = FileName::new(name).unwrap();
        let route = style.route(&directory.join(&name));
        prop_assert_eq!(route.name, RemotePath::from(&name));
        prop_assert_eq!(route.directories, style.route_into(&directory));
    }

    #[test]
    fn detected_style_splits_its_own_directory(directory in "[A-C'./\\\\:$%#>()\\[\\]-]{0,9}") {
        let directory = RemotePath::from(directory);
        let hints = PathStyleHints { directory: Some(&directory), ..PathStyleHints::default() };
        let style = hints.style().unwrap_or_default();
        let name = FileName::new("NAME").unwrap();
        let route = style.route(&directory.join(&name));
        prop_assert_eq!(&route.name, &RemotePath::from(&name));
        prop_assert_eq!(style.file_name(&style.join(&directory, &name)), Some(name));
    }

    #[test]
    fn any_bytes_split_without_panic(style in any_style(), bytes: Vec<u8>, name: Vec<u8>) {
        let path = RemotePath::from_wire(&bytes, crate::Encoding::UTF_8);
        let other = RemotePath::from_wire(&name, crate::Encoding::UTF_8);
        let _ = (style.parent(&path), style.file_name(&path), style.route_into(&path));
        let _ = (style.directory_arguments(&path), style.join_path(&path, &other), style.can_reenter(&path));
        for directory in style.route(&path).directories {
            prop_assert!(directory.is_absolute() || !directory.as_bytes().is_empty());
        }
    }
}
