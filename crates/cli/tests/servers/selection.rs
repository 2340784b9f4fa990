//! Selection of files on every server: patterns in URLs, rules, ages and sizes.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    time::{Duration, SystemTime},
};

use oxftp_testing::servers::{Protection, ServerKind};

use crate::common::{
    Site,
    fixtures::{ALPHA, BLANK, UP, big},
    sorted,
    table::{Row, hold, row},
};

macro_rules! on {
    ($($name:ident: $kind:ident $protection:ident),+ $(,)?) => {$(
        #[test]
        fn $name() {
            let Some(site) = Site::on(ServerKind::$kind, Protection::$protection) else { return };
            hold(&site, &[patterns(), rules(), moves(), copies(), listings()].into_iter().flatten().collect::<Vec<_>>());
            ages(&site);
        }
    )+};
}

on! {
    vsftpd_selection: Vsftpd Plain,
    proftpd_selection: ProFtpd Explicit,
    pure_ftpd_selection: PureFtpd Plain,
    pyftpdlib_selection: Pyftpdlib Explicit,
}

fn patterns() -> Vec<Row> {
    vec![
        row("get -d in URL/pub/*.txt URL/pub/sub/*")
            .here("in/a.txt", ALPHA)
            .here("in/a b.txt", BLANK)
            .gone_here("in/b.log"),
        row("cat URL/pub/[a-b].???").prints([ALPHA.as_bytes(), &[b'b'; 3000]].concat()),
        row("cat URL/pub/{a.txt,sub/a%20b.txt}").prints([ALPHA, BLANK].concat()),
        row("get -d in URL/*/a.txt").here("in/a.txt", ALPHA),
        row("ls URL/**/*.txt").check(|fixtures, run| {
            let paths = run.stdout();
            assert_eq!(paths.lines().count(), 2, "{paths}");
            assert!(
                paths.contains("pub/a.txt\n") && paths.contains("pub/sub/a b.txt\n"),
                "{paths}: {}",
                fixtures.url()
            );
        }),
        row("ls URL/pub/*.log").mentions(&["pub/b.log\n"]),
        row("rm URL/pub/*.log").gone_there("pub/b.log").there("pub/a.txt", ALPHA),
        row("rm URL/pub/*.none").fails(6, "nothing matches ftp"),
        row("get URL/pub/*.none URL/pub/a.txt").fails(1, "nothing matches"),
        row("get --no-glob URL/pub/*.txt").fails(6, "*.txt"),
        row("stat --json URL/pub/*").objects(|found| assert_eq!(found.len(), 3)),
        row("touch -d 2020-01-02T03:04:05Z URL/pub/*.txt").time_there("pub/a.txt", 1_577_934_245),
        row("find URL/pu? --type f").lists(&["a.txt", "b.log", "sub/a b.txt"]),
        row("du -s URL/p*").lists(&["3027\t."]),
        row("get --files-from - -d in URL/pub")
            .input("a.txt\r\n\nsub/a b.txt\n")
            .here("in/a.txt", ALPHA)
            .here("in/a b.txt", BLANK),
        row("get --files-from0 - -d in URL/pub").input("a.txt\0sub/a b.txt\0").here("in/a.txt", ALPHA),
        row("mirror --files-from - URL/pub copy")
            .input("./sub\na.txt\nmissing\n")
            .here("copy/a.txt", ALPHA)
            .here("copy/sub/a b.txt", BLANK)
            .gone_here("copy/b.log"),
        row("mirror --files-from0 - tree URL/pub")
            .input("in/two\0")
            .there("pub/in/two", "22")
            .gone_there("pub/one"),
        row("mirror --delete --files-from - URL/pub tree")
            .input("a.txt\none\n")
            .gone_here("tree/one")
            .here("tree/in/two", "22"),
        row("mirror --files-from - URL/pub copy").input("../big\n").fails(2, "is not below the trees"),
        row("check --files-from - tree URL/pub").input("one\n").fails(1, "").mentions(&["missing one\n"]),
        row("put --files-from - URL/").input("up.txt\ntree/one\n").there("up.txt", UP).there("one", "1"),
        row("mirror URL/pub/*.txt copy")
            .here("copy/a.txt", ALPHA)
            .gone_here("copy/b.log")
            .gone_here("copy/sub"),
        row("mirror URL/p*/{b.log,sub} copy")
            .here("copy/pub/sub/a b.txt", BLANK)
            .here("copy/pub/b.log", "b".repeat(3000))
            .gone_here("copy/pub/a.txt"),
        row("mirror URL/**/a.txt copy").here("copy/pub/a.txt", ALPHA).gone_here("copy/pub/b.log"),
        row("mirror --delete URL/pub/*.txt tree").here("tree/a.txt", ALPHA).here("tree/one", "1"),
        row("mirror --delete URL/pub/o*.none tree").fails(6, "nothing matches").here("tree/one", "1"),
        row("mirror --no-glob URL/pub/*.txt copy").fails(6, "*.txt"),
        row("check URL/pub/*.txt tree").fails(1, "").lists(&["missing a.txt"]),
        row("check tree URL/pub/*.txt").fails(1, "").lists(&["extra a.txt"]),
        row("put tree/o* tree/i*/t* URL/pub/").there("pub/one", "1").there("pub/two", "22"),
        row("put tree/{one,in/two} URL/pub/").there("pub/one", "1").there("pub/two", "22"),
        row("put tree/*.none URL/pub/").fails(6, "nothing matches tree/*.none"),
        row("put --no-glob tree/o* URL/pub/").fails(9, "tree/o*"),
    ]
}

fn rules() -> Vec<Row> {
    vec![
        row("get -r --include *.log URL/pub")
            .check(|fixtures, _| {
                assert_eq!(fs::read(fixtures.here("pub/b.log")).unwrap().len(), 3000);
            })
            .gone_here("pub/a.txt")
            .gone_here("pub/sub"),
        row("get -r --exclude sub/ URL/pub").here("pub/a.txt", ALPHA).gone_here("pub/sub"),
        row("get -r --include-re ^sub/.*t$ URL/pub").here("pub/sub/a b.txt", BLANK).gone_here("pub/a.txt"),
        row("get -r --exclude-re b URL/pub")
            .here("pub/a.txt", ALPHA)
            .gone_here("pub/b.log")
            .gone_here("pub/sub"),
        row("get -r --max-depth 1 URL/pub").here("pub/a.txt", ALPHA).gone_here("pub/sub"),
        row("get -r --min-size 1k URL/pub").gone_here("pub/a.txt").gone_here("pub/sub"),
        row("get --max-size 1k URL/pub/*.*").here("a.txt", ALPHA).gone_here("b.log"),
        row("put -r --include two tree URL/").there("tree/in/two", "22").gone_there("tree/one"),
        row("put -r --include one tree URL/").there("tree/one", "1").gone_there("tree/in"),
        row("put --max-size 100k whole up.txt URL/new/").there("new/up.txt", UP).gone_there("new/whole"),
        row("put --ignore-existing up.txt URL/pub/a.txt").there("pub/a.txt", ALPHA),
        row("put --existing up.txt URL/pub/none.txt").gone_there("pub/none.txt"),
        row("put --existing up.txt URL/pub/a.txt").there("pub/a.txt", UP),
        row("put -r --no-clobber tree URL/pub").there("pub/one", "1").there("pub/in/two", "22"),
        row("get -r --ignore-existing -o tree URL/pub").here("tree/a.txt", ALPHA).here("tree/one", "1"),
        row("get -o up.txt --no-clobber URL/pub/a.txt").here("up.txt", UP),
        row("get -r --existing -o tree URL/pub").gone_here("tree/a.txt"),
        row("rm -r --exclude *.log URL/pub").gone_there("pub/a.txt").gone_there("pub/sub/a b.txt").check(
            |fixtures, _| {
                assert!(fixtures.there("pub/b.log").exists() && fixtures.there("pub/sub").is_dir());
            },
        ),
        row("rm -n -r --include *.txt URL/pub")
            .mentions(&["pub/a.txt", "pub/sub/a b.txt"])
            .there("pub/a.txt", ALPHA),
        row("du --include *.log URL/pub").lists(&["0\tsub", "3000\t."]),
        row("ls -R --include *.txt URL/pub").prints("a.txt\nsub\nsub/a b.txt\n"),
        row("du -d 0 URL/pub").lists(&["3027\t."]),
        row("du --max-depth 1 URL/pub").lists(&["0\tsub", "3014\t."]),
        row("cat --max-depth 2 URL/**/*.txt").prints(ALPHA),
        row("stat --max-depth 1 URL/**/*.txt").fails(6, "nothing matches"),
        row("mv --ignore-existing URL/pub/a.txt URL/pub/b.log").there("pub/a.txt", ALPHA),
        row("mv --existing URL/pub/a.txt URL/pub/new").there("pub/a.txt", ALPHA).gone_there("pub/new"),
        row("mv --no-clobber --min-size 1 URL/pub/a.txt URL/pub/new").there("pub/new", ALPHA),
        row("cp --ignore-existing URL/pub/a.txt URL/pub/b.log").there("pub/b.log", "b".repeat(3000)),
        row("cp --existing URL/pub/a.txt URL/pub/b.log").there("pub/b.log", ALPHA),
        row("cp -n --existing URL/pub/a.txt URL/pub/new").prints(""),
        row("chmod -R --include *.log 600 URL/pub/a.txt").check(|fixtures, _| {
            let mode = fixtures.there("pub/a.txt").metadata().unwrap().permissions().mode();
            assert_ne!(mode & 0o777, 0o600);
        }),
        row("rm --stable 1 URL/pub/*.txt").gone_there("pub/a.txt"),
        row("stat --json --stable 1 URL/pub/a.txt").objects(|found| assert_eq!(found.len(), 1)),
    ]
}

fn moves() -> Vec<Row> {
    vec![
        row("get --move URL/pub/a.txt").here("a.txt", ALPHA).gone_there("pub/a.txt"),
        row("get --move URL/big").here("big", big()).gone_there("big"),
        row("get -r --move --include *.txt URL/pub")
            .here("pub/sub/a b.txt", BLANK)
            .gone_there("pub/a.txt")
            .gone_there("pub/sub/a b.txt")
            .check(|fixtures, _| {
                assert!(fixtures.there("pub/b.log").exists());
            }),
        row("put --move up.txt URL/new").there("new", UP).gone_here("up.txt"),
        row("put -r --move tree URL/")
            .there("tree/in/two", "22")
            .gone_here("tree/in/two")
            .gone_here("tree/one"),
        row("put --move --no-clobber up.txt URL/pub/a.txt").there("pub/a.txt", ALPHA).here("up.txt", UP),
        row("get --move --verify off URL/big").fails(2, "--move verifies"),
        row("get --move-to ../done -d in URL/pub/*.txt")
            .here("in/a.txt", ALPHA)
            .there("done/a.txt", ALPHA)
            .gone_there("pub/a.txt"),
        row("get --move-to in/new URL/big").here("big", big()).there("in/new/big", big()).gone_there("big"),
        row("get -r --move-to done URL/pub")
            .here("pub/sub/a b.txt", BLANK)
            .there("done/pub/sub/a b.txt", BLANK)
            .gone_there("pub/a.txt"),
        row("get --move-to sub URL/half -o up.txt").there("sub/half", half()).here("up.txt", half()),
        row("get --move-to x --move URL/big").fails(2, "cannot be used with"),
        row("put --move-to sent up.txt URL/new").there("new", UP).here("sent/up.txt", UP).gone_here("up.txt"),
        row("put -r --move-to tree/sent tree URL/")
            .there("tree/in/two", "22")
            .here("tree/sent/tree/in/two", "22")
            .gone_here("tree/one")
            .check(|fixtures, _| {
                // What was moved is no source of the next run.
                let words = fixtures.words("put -r --move-to tree/sent tree URL/again/");
                let words: Vec<_> = words.iter().map(String::as_str).collect();
                let run = fixtures.run_here(&words);
                assert_eq!(run.code, Some(0), "{}", run.stderr);
                assert!(!fixtures.there("again/tree/sent").exists());
            }),
        row("mirror --move URL/pub tree")
            .here("tree/a.txt", ALPHA)
            .here("tree/sub/a b.txt", BLANK)
            .gone_there("pub/a.txt")
            .gone_there("pub/sub/a b.txt"),
        row("mirror --move-to done tree URL/pub")
            .there("pub/in/two", "22")
            .here("tree/done/in/two", "22")
            .gone_here("tree/one")
            .check(|fixtures, _| {
                let words = fixtures.words("mirror --move-to done tree URL/pub");
                let words: Vec<_> = words.iter().map(String::as_str).collect();
                assert_eq!(fixtures.run_here(&words).code, Some(0));
                assert!(!fixtures.there("pub/done").exists());
            }),
        row("mirror -n --move tree URL/new")
            .mentions(&["put one  (missing)\n", "remove-source one  (its copy is complete)\n"])
            .here("tree/one", "1"),
        row("mirror --move --verify off tree URL/new").fails(2, "--move verifies").here("tree/one", "1"),
        row("mirror --ignore-existing URL/pub pub-here").here("pub-here/a.txt", ALPHA),
        row("mirror --existing tree URL/empty").gone_there("empty/one").gone_there("empty/in"),
        row("mirror --no-clobber --delete URL/pub tree").here("tree/a.txt", ALPHA).gone_here("tree/one"),
        row("put --stable 1 up.txt tree/one URL/new/").there("new/up.txt", UP).there("new/one", "1"),
        row("get --stable 1 URL/pub/*.txt").here("a.txt", ALPHA),
        row("mirror --stable 1 URL/pub tree").here("tree/a.txt", ALPHA).here("tree/sub/a b.txt", BLANK),
        row("get --rename-with s/a/z/ -d in URL/pub/a.txt").here("in/z.txt", ALPHA),
        row("get --rename-with s/.*/same/ URL/pub/a.txt URL/pub/b.log").fails(2, "would both become"),
        row("get -r --rename-with s/a/b/ URL/pub").fails(2, "it conflicts with -r"),
        row("put --rename-with s/up/down/ up.txt URL/new/").there("new/down.txt", UP),
        row("put --rename-with s/up/down/ up.txt URL/new").fails(2, "needs a destination directory"),
        row("put --rename-with s/up/..%2F/ up.txt URL/new/").there("new/..%2F.txt", UP),
        row("mv URL/pub/*.txt PATH/empty/").there("empty/a.txt", ALPHA).gone_there("pub/a.txt"),
        row("mv URL/pub/a.txt URL/pub/b.log PATH/empty").there("empty/a.txt", ALPHA).gone_there("pub/b.log"),
        row("mv URL/pub/* PATH/none").fails(2, "is not a directory"),
        row("mv URL/pub/a.txt PATH/empty").fails(7, "hint: end the new path with /"),
        row("mv --rename-with s/[.]txt$/.bak/ URL/pub/*").there("pub/a.bak", ALPHA).check(|fixtures, _| {
            assert!(fixtures.there("pub/b.log").exists() && fixtures.there("pub/sub").is_dir());
        }),
        row("mv --rename-with s/a/z/ URL/pub/a.txt URL/pub/").there("pub/z.txt", ALPHA),
        row("mv --rename-with s/[.]txt$/.old/ URL/pub/a.txt URL/").there("a.old", ALPHA),
        row("mv URL/pub/a.txt pub/none/a.txt").fails(6, "hint: create the directory with mkdir"),
        row("mv -n --rename-with s/a/b/ URL/pub/a.txt")
            .mentions(&["pub/a.txt -> ", "pub/b.txt\n"])
            .there("pub/a.txt", ALPHA),
    ]
}

fn copies() -> Vec<Row> {
    vec![
        row("cp URL/pub/a.txt PATH/copy").there("copy", ALPHA).there("pub/a.txt", ALPHA),
        row("cp URL/pub/a.txt URL/copy").there("copy", ALPHA),
        row("cp URL/pub/a.txt PATH/empty").there("empty/a.txt", ALPHA),
        row("cp URL/pub/*.txt URL/pub/sub/* PATH/empty/")
            .there("empty/a.txt", ALPHA)
            .there("empty/a b.txt", BLANK),
        row("cp URL/pub/a.txt PATH/half").there("half", ALPHA),
        row("cp URL/pub/*.* PATH/none").fails(2, "is not a directory"),
        row("cp URL/none PATH/copy").fails(6, "/none").gone_there("copy"),
        row("cp URL/pub PATH/copy").fails(2, "hint: use -r to copy it recursively").gone_there("copy"),
        row("cp -r URL/pub PATH/copy").there("copy/a.txt", ALPHA).there("copy/sub/a b.txt", BLANK),
        row("cp -r URL/pub PATH/empty/").there("empty/pub/sub/a b.txt", BLANK),
        row("cp -r URL/pub PATH/pub/sub/").fails(2, "is in the directory that would be copied"),
        row("cp URL/pub/a.txt PATH/pub/").fails(2, "is the source itself"),
        row("cp --rename-with s/txt$/bak/ URL/pub/*.txt").there("pub/a.bak", ALPHA),
        row("cp -n URL/pub/a.txt PATH/copy").mentions(&["pub/a.txt -> "]).gone_there("copy"),
        row("cp --json URL/big PATH/copy").mentions(&["\"event\":\"done\""]).there("copy", big()),
        row("cp URL/pub/a.txt").fails(2, "the destination is missing"),
    ]
}

fn listings() -> Vec<Row> {
    vec![
        row("ls URL/pub").prints("a.txt\nb.log\nsub\n"),
        row("ls -r URL/pub").prints("sub\nb.log\na.txt\n"),
        row("ls -S URL").check(|_, run| assert!(run.stdout().starts_with("big\nhalf\n"), "{}", run.stdout())),
        row("ls -1 --sort size -r URL")
            .check(|_, run| assert!(run.stdout().ends_with("half\nbig\n"), "{}", run.stdout())),
        row("ls -lh URL/pub").mentions(&[" 2.9 KiB "]),
        row("ls -R --max-depth 1 URL/pub").prints("a.txt\nb.log\nsub\n"),
        row("ls URL/pub URL/empty").check(|_, run| {
            let text = run.stdout();
            assert!(text.contains("pub:\na.txt\nb.log\nsub\n\n") && text.ends_with("empty:\n"), "{text}");
        }),
        row("ls --json URL/pub URL/empty").objects(|entries| {
            assert!(entries[0]["path"].as_str().unwrap().ends_with("pub/a.txt"), "{entries:?}");
        }),
        row("tree URL/pub")
            .mentions(&["pub\n├── a.txt\n├── b.log\n└── sub\n    └── a b.txt\n\n1 directory, 3 files\n"]),
        row("tree -s --max-depth 1 --include *.txt URL/pub").mentions(&["── a.txt  (14 B)\n"]),
        row("tree URL/none").fails(6, "/none: "),
        row("find URL --iname *.TXT --name big").lists(&["big", "pub/a.txt", "pub/sub/a b.txt"]),
        row("find URL/pub --regex ^sub/.*[.]txt$").prints("sub/a b.txt\n"),
        row("find URL/pub --smaller 20 --type f").lists(&["a.txt", "sub/a b.txt"]),
        row("find URL/pub --maxdepth 1 --type f").lists(&["a.txt", "b.log"]),
        row("find URL/pub --mindepth 2").prints("sub/a b.txt\n"),
        row("find -0 URL/pub --name *.txt --max-depth 1").prints("a.txt\0"),
        row("find --url URL/pub/sub --type f").check(|fixtures, run| {
            assert_eq!(run.stdout(), format!("{}/pub/sub/a%20b.txt\n", fixtures.url()));
        }),
        row("find --delete URL/pub --name *.txt").gone_there("pub/a.txt").gone_there("pub/sub/a b.txt"),
        row("find --delete URL/pub").gone_there("pub/sub").gone_there("pub/a.txt").directory_there("pub"),
        row("find -n --delete URL/pub --name *.txt")
            .lists(&["a.txt", "sub/a b.txt"])
            .there("pub/a.txt", ALPHA),
        row("find URL/pub --exec echo --name a.txt").check(|fixtures, run| {
            assert_eq!(run.stdout(), format!("{}/pub/a.txt\n", fixtures.url()));
        }),
        row("find URL/pub --exec false --name a.txt").fails(1, "the command failed"),
    ]
}

/// Files of the last hours, and one of the year before.
fn ages(site: &Site) {
    for path in ["ages/new.gz", "ages/old.gz", "ages/in/old.txt"] {
        site.write_remote(path, path);
    }
    let old = SystemTime::now() - Duration::from_secs(400 * 86_400);
    for path in ["ages/old.gz", "ages/in/old.txt"] {
        File::options().write(true).open(site.there(path)).unwrap().set_modified(old).unwrap();
    }
    site.server.hand_over().unwrap();
    let url = |path: &str| site.url(&format!("ages/{path}"));

    assert_eq!(site.succeed(&["ls", "-t", &url("*.gz")]).lines().next(), Some("ages/new.gz"));
    assert_eq!(site.succeed(&["ls", "-tr", &url("")]).lines().next(), Some("old.gz"));
    assert_eq!(
        sorted(&site.succeed(&["find", "--older", "30d", "--type", "f", &url("")])),
        ["in/old.txt", "old.gz"]
    );
    assert_eq!(site.succeed(&["find", "--newer", "2d", "--type", "f", &url("")]), "new.gz\n");
    site.succeed(&["get", "-d", "got", "--max-age", "2d", &url("*.gz")]);
    assert!(site.here("got/new.gz").exists() && !site.here("got/old.gz").exists());
    site.succeed(&["get", "-r", "-o", "tree", "--min-age", "30d", &url("")]);
    assert!(site.here("tree/in/old.txt").exists() && !site.here("tree/new.gz").exists());
    site.succeed(&["rm", "--min-age", "30d", &url("*.gz")]);
    assert!(site.there("ages/new.gz").exists() && !site.there("ages/old.gz").exists());
    site.succeed(&["rm", "-r", "--min-age", "2024-05-01", &url("")]);
    assert!(site.there("ages/new.gz").exists() && site.there("ages/in/old.txt").exists());
    site.succeed(&["rm", "-r", "--min-age", "30d", &url("")]);
    assert!(site.there("ages/new.gz").exists() && !site.there("ages/in/old.txt").exists());
}

#[test]
fn check_reports_differences_on_every_server() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        let Some(site) = Site::on(kind, Protection::Plain) else { return };
        hold(&site, &checks());
    }
}

fn checks() -> Vec<Row> {
    vec![
        row("check --content URL/pub URL/pub").prints(""),
        row("check --size-only tree URL/pub").fails(1, ""),
        row("check --sums - URL/pub").fails(9, "cannot read"),
        row("check URL").fails(2, "use check SRC DST"),
        row("check tree tree").fails(2, "neither SRC nor DST"),
    ]
}

#[test]
fn check_compares_content_and_checksums() {
    let Some(site) = Site::on(ServerKind::Vsftpd, Protection::Plain) else { return };
    for (path, there, here) in [
        ("same", "1", Some("1")),
        ("in/other", "one", Some("two")),
        ("size", "1", Some("22")),
        ("extra", "1", None),
    ] {
        site.write_remote(&format!("t/{path}"), there);
        if let Some(here) = here {
            let path = site.here(&format!("t/{path}"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, here).unwrap();
        }
    }
    fs::write(site.here("t/new"), "").unwrap();
    fs::write(site.here("sums"), format!("{ONE}  same\n{ONE} *size\n{ONE}  in/other\n{ONE}  none\n"))
        .unwrap();
    site.server.hand_over().unwrap();
    let check = |words: &[&str]| {
        let run = site.run(words);
        (run.code, run.stdout())
    };
    let url = &site.url("t");

    let (code, found) = check(&["check", "--content", "t", url]);
    assert_eq!(code, Some(1));
    assert_eq!(
        sorted(&found),
        [
            "differs in/other  (content differs)",
            "differs size  (size differs: 2, 1)",
            "extra extra",
            "missing new"
        ]
    );
    let (_, found) = check(&["check", "--size-only", "--one-way", url, "t"]);
    assert_eq!(sorted(&found), ["differs size  (size differs: 1, 2)", "missing extra"]);
    let (code, found) = check(&["check", "--content", "--include", "same", "t", url]);
    assert_eq!((code, found.as_str()), (Some(0), ""));
    let (_, found) = check(&["check", "--json", "--content", "--exclude", "size", url, "t"]);
    assert!(found.contains(r#"{"status":"differs","path":"in/other","why":"content differs"}"#), "{found}");
    let (code, found) = check(&["check", "--sums", "sums", url]);
    assert_eq!(
        (code, sorted(&found)),
        (Some(1), vec!["differs in/other  (checksum differs)", "missing none"])
    );
    let (_, found) = check(&["check", "--sums", "sums", "t"]);
    assert_eq!(
        sorted(&found),
        ["differs in/other  (checksum differs)", "differs size  (checksum differs)", "missing none"]
    );
    site.write_remote("t/SUMS", format!("{ONE}  same\n"));
    site.server.hand_over().unwrap();
    assert_eq!(check(&["check", "--sums", &site.url("t/SUMS"), "t"]), (Some(0), String::new()));
}

/// SHA-256 of `1`.
const ONE: &str = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";

fn half() -> Vec<u8> {
    let mut half = big();
    half.truncate(150_000);
    half
}
