//! Every verb on every server, plain and with TLS: output, resulting files, and the errors of servers that lack a
//! command.

use oxftp_testing::servers::{Protection, ServerKind, ServerOptions};

use crate::common::{
    Site,
    fixtures::{ALPHA, BLANK, UP, big},
    table::{Row, hold, row},
};

macro_rules! on {
    ($($name:ident: $kind:ident $protection:ident),+ $(,)?) => {$(
        #[test]
        fn $name() {
            let Some(site) = Site::on(ServerKind::$kind, Protection::$protection) else { return };
            hold(&site, &all());
        }
    )+};
}

on! {
    vsftpd_plain: Vsftpd Plain,
    vsftpd_explicit: Vsftpd Explicit,
    vsftpd_implicit: Vsftpd Implicit,
    proftpd_plain: ProFtpd Plain,
    proftpd_explicit: ProFtpd Explicit,
    proftpd_implicit: ProFtpd Implicit,
    pure_ftpd_plain: PureFtpd Plain,
    pure_ftpd_explicit: PureFtpd Explicit,
    pyftpdlib_plain: Pyftpdlib Plain,
    pyftpdlib_explicit: Pyftpdlib Explicit,
    pyftpdlib_implicit: Pyftpdlib Implicit,
}

fn all() -> Vec<Row> {
    let tables = [asking(), downloading(), uploading(), mirroring(), printing(), changing(), speaking()];
    tables.into_iter().flatten().collect()
}

fn asking() -> Vec<Row> {
    vec![
        row("ls URL/pub").lists(&["a.txt", "b.log", "sub"]),
        row("ls URL/pub/").lists(&["a.txt", "b.log", "sub"]),
        row("ls URL/empty").prints(""),
        row("ls URL/dots").prints(""),
        row("ls -a URL/dots").prints(".hidden\n"),
        row("ls URL/pub/sub/a%20b.txt").mentions(&["/pub/sub/a b.txt\n"]),
        row("ls -l URL/pub").mentions(&["a.txt\n", " 3000 20", "sub\n"]),
        row("ls -R URL/pub").lists(&["a.txt", "b.log", "sub", "sub/a b.txt"]),
        row("ls --json URL/pub").objects(|entries| {
            let facts = entries.iter().map(|entry| (&entry["name"], &entry["type"]));
            assert_eq!(format!("{:?}", facts.collect::<Vec<_>>()), ENTRIES_OF_PUB);
            assert_eq!(entries[1]["size"], 3000);
            assert!(entries[1]["modified"].as_str().unwrap().starts_with("20"), "{entries:?}");
        }),
        row("ls --json URL/pub/a.txt").objects(|entries| assert_eq!(entries[0]["name"], "a.txt")),
        row("ls URL/none").fails(6, "/none"),
        row("stat URL/pub/b.log").mentions(&["type     file\n", "size     3000\n"]),
        row("stat --json URL/pub URL/pub/b.log").objects(|found| {
            assert_eq!((&found[0]["type"], &found[1]["size"]), (&"dir".into(), &3000.into()));
        }),
        row("stat URL/none").fails(6, "/none"),
        row("find URL/pub --name *.txt").lists(&["a.txt", "sub/a b.txt"]),
        row("find URL --type d").lists(&["dots", "empty", "pub", "pub/sub"]),
        row("find URL/pub --larger 1k --newer 2020-01-01").lists(&["b.log"]),
        row("find URL/none").fails(6, "/none"),
        row("du URL/pub").lists(&["13\tsub", "3027\t."]),
        row("du -s -h URL/pub").mentions(&["3.0 KiB"]),
        row("du URL/none").fails(6, "/none"),
    ]
}

const ENTRIES_OF_PUB: &str = r#"[(String("a.txt"), String("file")), (String("b.log"), String("file")), (String("sub"), String("dir"))]"#;

fn downloading() -> Vec<Row> {
    vec![
        row("get URL/pub/a.txt").prints("").here("a.txt", ALPHA).gone_here("a.txt.oxftp.part"),
        row("get -o named URL/pub/a.txt").here("named", ALPHA),
        row("get -o - URL/pub/a.txt").prints(ALPHA),
        row("get -d in URL/pub/a.txt URL/big").here("in/a.txt", ALPHA).here("in/big", big()),
        row("get -r URL/pub").here("pub/a.txt", ALPHA).here("pub/sub/a b.txt", BLANK),
        row("get -r -j 3 -o root URL/pub").here("root/sub/a b.txt", BLANK).gone_here("pub"),
        row("get -c URL/big").here("big", big()).gone_here("big.oxftp.part"),
        row("get -c -v URL/big").here("big", big()).reports(&["> REST 84464"]),
        row("get --segments 3 URL/big").here("big", big()),
        row("get --range 4-6 URL/pub/a.txt").here("a.txt", "two"),
        row("get --json URL/pub/a.txt").mentions(&[r#"{"event":"done","name":"#]).here("a.txt", ALPHA),
        row("get URL/pub").fails(2, "hint: use -r to download it recursively"),
        row("get URL/none").fails(6, "/none").gone_here("none"),
    ]
}

fn uploading() -> Vec<Row> {
    vec![
        row("put up.txt URL/new").prints("").there("new", UP),
        row("put up.txt URL/pub/").there("pub/up.txt", UP),
        row("put up.txt URL/pub/a.txt").there("pub/a.txt", UP),
        row("put -d pub/sub up.txt whole URL").there("pub/sub/up.txt", UP).there("pub/sub/whole", big()),
        row("put -r tree URL/").there("tree/one", "1").there("tree/in/two", "22"),
        row("put -r -j 3 tree URL/renamed").there("renamed/in/two", "22").gone_there("tree"),
        row("put -c -v whole URL/half").there("half", big()).reports(&["> REST 150000"]),
        row("put - URL/piped").input("piped in").there("piped", "piped in"),
        row("put --temp-name up.txt URL/pub/a.txt").there("pub/a.txt", UP),
        row("put tree URL/").fails(2, "hint: use -r to upload it recursively"),
        row("put up.txt URL/pub").fails(2, "hint: end the URL with / to upload into the directory"),
        row("put - URL/pub").input("x").fails(2, "hint: stdin has no name"),
        row("rcat URL/pub").input("x").fails(2, "hint: stdin has no name"),
        row("rcat URL/piped").input("a|b").there("piped", "a|b"),
    ]
}

fn mirroring() -> Vec<Row> {
    vec![
        row("mirror URL/pub copy").here("copy/a.txt", ALPHA).here("copy/sub/a b.txt", BLANK),
        row("mirror tree URL/copy").there("copy/one", "1").there("copy/in/two", "22"),
        row("mirror --delete tree URL/pub")
            .there("pub/in/two", "22")
            .gone_there("pub/a.txt")
            .gone_there("pub/sub"),
        row("mirror --delete URL/pub tree")
            .here("tree/a.txt", ALPHA)
            .gone_here("tree/one")
            .gone_here("tree/in"),
        row("mirror --exclude sub --include *.txt URL/pub copy")
            .here("copy/a.txt", ALPHA)
            .gone_here("copy/sub"),
        row("mirror -n --delete URL/pub tree")
            .mentions(&["a.txt", "delete"])
            .gone_here("tree/a.txt")
            .here("tree/one", "1"),
        row("mirror URL/none tree").fails(6, "/none").here("tree/one", "1"),
    ]
}

fn printing() -> Vec<Row> {
    vec![
        row("cat URL/pub/a.txt URL/pub/sub/a%20b.txt").prints([ALPHA, BLANK].concat()),
        row("cat URL/big").prints(big()),
        row("cat URL/pub").fails(2, "hint: use get -r to download it recursively"),
        row("cat URL/none").fails(6, "/none"),
        row("head -c 5 URL/pub/a.txt").prints("one\nt"),
        row("head -c 1000 URL/big").prints(big().into_iter().take(1000).collect::<Vec<_>>()),
        row("head -n 2 URL/pub/a.txt").prints("one\ntwo\n"),
        row("head URL/pub").fails(2, "hint: use get -r to download it recursively"),
        row("head -c 5 URL/pub").fails(2, "hint: use get -r to download it recursively"),
        row("head URL/none").fails(6, "/none"),
        row("tail -c 4 URL/pub/a.txt").prints("ree\n"),
        row("tail -c 1000 URL/big").prints(big().split_off(big().len() - 1000)),
        row("tail -n 1 URL/pub/a.txt").prints("three\n"),
        row("tail URL/pub").fails(2, "hint: use get -r to download it recursively"),
        row("tail URL/none").fails(6, "/none"),
    ]
}

fn changing() -> Vec<Row> {
    vec![
        row("rm URL/pub/a.txt URL/big").prints("").gone_there("pub/a.txt").gone_there("big"),
        row("rm -r URL/pub").gone_there("pub"),
        row("rm -f URL/none").prints(""),
        row("rm URL/none").fails(6, "/none"),
        row("rm URL/pub").fails(2, "hint: use -r to remove it and its contents").there("pub/a.txt", ALPHA),
        row("rmdir URL/empty").gone_there("empty"),
        row("rmdir URL/pub").fails(7, "hint: use rm -r to remove a directory and its contents"),
        row("rmdir URL/big").fails(7, "hint: this is not a directory: use rm to remove it"),
        row("rmdir URL/none").fails(6, "/none"),
        row("mkdir URL/new").directory_there("new"),
        row("mkdir -p URL/new/a/b").directory_there("new/a/b"),
        row("mkdir -p URL/pub").directory_there("pub"),
        row("mkdir URL/pub").fails(7, "hint: with -p an existing directory is no error"),
        row("mv URL/pub/a.txt PATH/moved").there("moved", ALPHA).gone_there("pub/a.txt"),
        row("mv URL/none PATH/moved").fails(6, "/none"),
        row("chmod 600 URL/pub/a.txt").mode_there("pub/a.txt", 0o600).refused_by(
            keeps_modes,
            7,
            "550 Permission denied",
        ),
        row("touch URL/made").there("made", ""),
        row("touch -d 2020-01-02T03:04:05Z URL/pub/a.txt")
            .time_there("pub/a.txt", 1_577_934_245)
            .there("pub/a.txt", ALPHA),
        row("touch -d 2020-01-02 URL/empty").refused_by(sets_times_of_files_alone, 7, "cannot set its time"),
        row("touch -c URL/none").gone_there("none"),
    ]
}

fn speaking() -> Vec<Row> {
    vec![
        row("raw URL NOOP PWD").mentions(&["200 ", "257 "]),
        row("raw URL NONSENSE").fails(11, "the server answered 50"),
        row("probe URL/pub").mentions(&["EPSV        works", "LIST        works, 3 entries"]),
        row("probe --json URL/pub").objects(|found| assert!(found[0].is_object())),
        row("shell -c ls URL/pub").lists(&["a.txt", "b.log", "sub"]),
        row("shell URL")
            .input("cd pub\ncat a.txt\nmkdir x; cd x\nput up.txt\nls\n")
            .prints([ALPHA, "up.txt\n"].concat()),
        row("shell -c nonsense URL").fails(2, "unknown command \"nonsense\""),
        row("fxp URL/pub/a.txt URL/copied").only(|site| !resumes(site)).there("copied", ALPHA).refused_by(
            is_encrypted,
            11,
            "the server offers no protection of data on their way to another server",
        ),
        // A server that requires session resumption accepts no data from another server.
        row("fxp URL/pub/a.txt URL/copied").only(resumes).fails(8, "error: "),
    ]
}

fn sets_times_of_files_alone(site: &Site) -> bool {
    matches!(site.server.kind(), ServerKind::Vsftpd | ServerKind::Pyftpdlib)
}

/// vsftpd forbids anonymous users to change permissions.
fn keeps_modes(site: &Site) -> bool {
    site.server.kind() == ServerKind::Vsftpd
}

fn is_encrypted(site: &Site) -> bool {
    site.server.protection() != Protection::Plain
}

/// Only ProFTPD has `SSCN`.
fn resumes(site: &Site) -> bool {
    is_encrypted(site) && site.server.kind() == ServerKind::ProFtpd
}

#[test]
fn fxp_over_tls_without_session_resumption() {
    let mut options = ServerOptions::new(Protection::Explicit);
    options.require_session_reuse = false;
    // The server would not trust its own certificate authority.
    options.foreign_addresses = true;
    let Some(site) = Site::with(ServerKind::ProFtpd, options) else { return };

    hold(&site, &[row("fxp URL/pub/a.txt URL/copied").there("copied", ALPHA)]);
}
