//! Backups of what is replaced or deleted, on every server.

use oxftp_testing::servers::{Protection, ServerKind};

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
            hold(&site, &[here(), there()].into_iter().flatten().collect::<Vec<_>>());
        }
    )+};
}

on! {
    vsftpd_backups: Vsftpd Plain,
    proftpd_backups: ProFtpd Explicit,
    pure_ftpd_backups: PureFtpd Plain,
    pyftpdlib_backups: Pyftpdlib Explicit,
}

fn here() -> Vec<Row> {
    vec![
        row("get --backup-dir old -o up.txt URL/pub/a.txt").here("up.txt", ALPHA).here("old/up.txt", UP),
        row("get --suffix .bak -o up.txt URL/pub/a.txt").here("up.txt", ALPHA).here("up.txt.bak", UP),
        row("get --suffix .bak -o new URL/pub/a.txt").here("new", ALPHA).gone_here("new.bak"),
        row("get -c --suffix .1 --segments 2 -o up.txt URL/big").here("up.txt", big()).here("up.txt.1", UP),
        row("get --backup-dir password -o up.txt URL/pub/a.txt")
            .fails(9, "up.txt is kept as it is")
            .here("up.txt", UP),
        row("get --suffix a/b URL/pub/a.txt").fails(2, "a suffix has no slash"),
        row("mirror --delete --backup-dir old URL/pub tree")
            .here("tree/a.txt", ALPHA)
            .here("tree/old/one", "1")
            .here("tree/old/in/two", "22")
            .gone_here("tree/one")
            .gone_here("tree/in")
            .check(|fixtures, _| {
                let words = fixtures.words("mirror -n --delete --backup-dir old URL/pub");
                let tree = fixtures.here("tree").display().to_string();
                let words: Vec<_> = words.iter().map(String::as_str).chain([tree.as_str()]).collect();
                assert_eq!(fixtures.site.succeed(&words), "");
            }),
        row("mirror --delete --backup-dir ../kept URL/pub tree")
            .here("kept/in/two", "22")
            .gone_here("tree/in"),
    ]
}

fn there() -> Vec<Row> {
    vec![
        row("put --backup-dir old up.txt URL/pub/a.txt").there("pub/a.txt", UP).there("pub/old/a.txt", ALPHA),
        row("put --backup-dir old up.txt URL/new").there("new", UP).gone_there("old"),
        row("put --suffix .1 whole URL/half").there("half", big()).there("half.1", half()),
        row("put -r --suffix ~ tree URL/").there("tree/one", "1").gone_there("tree/one~"),
        row("mirror --delete --suffix ~ tree URL/pub")
            .there("pub/one", "1")
            .there("pub/a.txt~", ALPHA)
            .there("pub/sub/a b.txt~", BLANK)
            .gone_there("pub/a.txt")
            .check(|fixtures, _| {
                let words = fixtures.words("mirror -n --delete --suffix ~ --size-only");
                let (tree, url) = (fixtures.here("tree").display().to_string(), fixtures.url() + "/pub");
                let words: Vec<_> = words.iter().map(String::as_str).chain([tree.as_str(), &url]).collect();
                assert_eq!(fixtures.site.succeed(&words), "");
            }),
        row("mirror --delete --backup-dir old tree URL/pub")
            .there("pub/one", "1")
            .there("pub/old/a.txt", ALPHA)
            .there("pub/old/sub/a b.txt", BLANK)
            .gone_there("pub/sub"),
        row("mirror --delete --backup-dir old URL/empty URL/pub")
            .there("pub/old/a.txt", ALPHA)
            .gone_there("pub/a.txt"),
        row("mirror -n --delete --backup-dir old tree URL/pub")
            .there("pub/a.txt", ALPHA)
            .gone_there("pub/old"),
    ]
}

/// Returns what the server has of a file before it is replaced.
fn half() -> Vec<u8> {
    let mut half = big();
    half.truncate(150_000);
    half
}
