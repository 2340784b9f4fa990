//! The shell on every server.

use std::fs;

use oxftp_testing::servers::ServerKind;

use crate::common::Site;

#[test]
fn shell_session_is_equal_on_every_server() {
    let all = ServerKind::ALL.into_iter();
    for (kind, protection) in all.flat_map(|kind| kind.protections().iter().map(move |it| (kind, *it))) {
        let Some(site) = Site::on(kind, protection) else { continue };
        fs::write(site.here("up"), "content").unwrap();

        let run = site.run(&[
            "shell",
            "-c",
            "mkdir -p dir/sub; cd dir; cd sub; put up; cat up; cd ..; ls; get sub/up -o file; rm sub/up; ls sub; cd ..; rm -r dir",
            &site.url(""),
        ]);

        assert_eq!(
            (run.code, run.stdout().as_str()),
            (Some(0), "contentsub\n"),
            "{kind:?} {protection:?}: {}",
            run.stderr
        );
        assert_eq!(fs::read(site.here("file")).unwrap(), b"content", "{kind:?} {protection:?}");
    }
}
