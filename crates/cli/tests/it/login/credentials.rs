//! Users and passwords: sources, precedence, and secrecy.

use std::fs;

use oxftp_testing::scripted::Script;

use crate::common::{Run, Site, oxftp, run, until};

/// Lists the served directory with additional arguments and no other source of a password.
fn ls(site: &Site, words: &[&str]) -> Run {
    let url = format!("{}://localhost:{}/", site.scheme(), site.server.port());
    let run = run(oxftp(&[&["ls", "-v"], words, &[url.as_str()]].concat()).env("HOME", site.here("")));
    run.hides(site.server.password());
    run
}

fn netrc_of(site: &Site) -> String {
    format!("machine localhost login {} password {}\n", site.server.user(), site.server.password())
}

#[test]
fn netrc_provides_user_and_password() {
    let site = Site::plain();
    site.write_remote("file", "x");
    let elsewhere = site.keep("elsewhere", netrc_of(&site));
    site.keep(".netrc", netrc_of(&site));

    for words in [&["--netrc"][..], &["--netrc-file", &elsewhere], &["--netrc", "--user", site.server.user()]]
    {
        let run = ls(&site, words);
        assert_eq!((run.code, run.stdout().as_str()), (Some(0), "file\n"), "{words:?}: {}", run.stderr);
    }
    assert_eq!(ls(&site, &[]).code, Some(5));
}

#[test]
fn refused_named_login_is_not_called_anonymous() {
    let site = Site::plain();

    let run = ls(&site, &["--user", "somebody:wrong"]);
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert!(run.stderr.contains("check the user name and the password"), "{}", run.stderr);

    let run = ls(&site, &[]);
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert!(run.stderr.contains("this was an anonymous login"), "{}", run.stderr);
}

#[test]
fn missing_password_without_terminal_sends_no_login() {
    let site = Site::plain();
    site.keep(".netrc", netrc_of(&site));

    for words in [&["--user", site.server.user()][..], &["--netrc", "--user", "somebody-else"]] {
        let run = ls(&site, words);
        assert_eq!(run.code, Some(9), "{words:?}: {}", run.stderr);
        assert!(run.stderr.contains("cannot prompt for the password of "), "{}", run.stderr);
        assert!(
            run.stderr.contains("hint: without a terminal the password comes from --netrc"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains("USER"), "{}", run.stderr);
    }
}

#[test]
fn password_file_precedes_environment_and_netrc() {
    let site = Site::plain();
    let right = site.keep("right", site.server.password());
    let wrong = site.keep("wrong", "not-it");
    let netrc = site.keep("netrc", netrc_of(&site));
    let bad_netrc =
        site.keep("bad-netrc", format!("machine localhost login {} password not-it", site.server.user()));
    let code = |words: &[&str], password: &str| {
        let url = format!("ftp://localhost:{}/", site.server.port());
        let mut command = oxftp(&[&["ls"], words, &[url.as_str()]].concat());
        if !password.is_empty() {
            command.env("OXFTP_PASSWORD", password);
        }
        run(&mut command).code
    };

    assert_eq!(code(&["--netrc-file", &bad_netrc], site.server.password()), Some(0));
    assert_eq!(code(&["--netrc-file", &netrc], "not-it"), Some(5));
    assert_eq!(code(&["--netrc-file", &bad_netrc, "--password-file", &right], "not-it"), Some(0));
    assert_eq!(code(&["--netrc-file", &netrc, "--password-file", &wrong], site.server.password()), Some(5));
}

#[cfg(unix)]
#[test]
fn netrc_readable_by_others_is_refused() {
    let site = Site::plain();
    let netrc = site.keep("netrc", netrc_of(&site));
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&netrc, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();

        let run = ls(&site, &["--netrc-file", &netrc]);

        assert_eq!(run.code, Some(9), "{mode:o}: {}", run.stderr);
        assert!(run.stderr.contains("chmod 600") && run.stderr.contains("netrc"), "{}", run.stderr);
    }
}

#[test]
fn wrong_netrc_is_reported_without_content() {
    let site = Site::plain();
    let wrong = site.keep("wrong", format!("machine h\npassword two {}", site.server.password()));

    let run = ls(&site, &["--netrc-file", &wrong]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("wrong") && run.stderr.contains("line 2"), "{}", run.stderr);
    assert_eq!(ls(&site, &["--netrc-file", "missing"]).code, Some(9));
    assert_eq!(ls(&site, &["--netrc"]).code, Some(9));
}

#[cfg(target_os = "linux")]
#[test]
fn password_is_hidden_from_process_list() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    for words in [
        vec!["ls".to_owned(), format!("ftp://me:hush-hush@{address}/")],
        vec!["ls".to_owned(), "--user".to_owned(), "me:hush-hush".to_owned(), format!("ftp://{address}/")],
    ] {
        let mut child = oxftp(&words).spawn().unwrap();
        // The arguments are hidden before the program connects.
        let (_held, _) = silent.accept().unwrap();
        let listed = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
        let listed = String::from_utf8_lossy(&listed).replace('\0', " ");
        crate::common::interrupt(&child);
        child.wait().unwrap();

        assert!(listed.contains("oxftp ls") && listed.contains(&address.to_string()), "{listed}");
        assert!(!listed.contains("hush-hush"), "{listed}");
    }
}

#[test]
fn stale_arguments_in_the_environment_are_ignored() {
    // `oxftp rm x`, encoded.
    let run = run(oxftp(&["--version"]).env("OXFTP_WORDS", "b3hmdHA= cm0= eA=="));

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout().starts_with("oxftp 0"), "{}", run.stdout());
}

#[cfg(unix)]
#[test]
fn password_prompt_has_no_echo() {
    use expectrl::Expect;

    let site = Site::plain();
    site.write_remote("file", "x");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_oxftp"));
    command.args(["ls", &site.url("")]).env_remove("OXFTP_PASSWORD").env("XDG_CONFIG_HOME", "/nonexistent");
    let mut session = expectrl::Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(std::time::Duration::from_secs(20)));

    session.expect("Password for").unwrap();
    until("the echo to be off", || !session.get_process().get_echo().unwrap());
    session.send_line(site.server.password()).unwrap();
    let shown = session.expect("file").unwrap();

    assert!(!String::from_utf8_lossy(shown.before()).contains(site.server.password()));
}

#[tokio::test]
async fn refused_password_is_not_sent_again() {
    for words in ["530 Login incorrect", "530 Too many failed login attempts", "430 no"] {
        let script = Script::new().expect("USER ann").reply("331 more").expect("PASS hunter2").reply(words);
        let server = script.quiet().start().await;
        let url = format!("ftp://ann@{}/", server.address());
        let run = tokio::task::spawn_blocking(move || {
            let urls = [format!("{url}a"), format!("{url}b")];
            run(oxftp(&["cat", &urls[0], &urls[1]]).env("OXFTP_PASSWORD", "hunter2"))
        });

        let run = run.await.unwrap();

        assert_eq!(run.code, Some(5), "{}", run.stderr);
        let errors = run.labelled("error:");
        assert!(errors.len() == 2 && errors[1].contains("/b: login failed"), "{}", run.stderr);
        run.hides("hunter2");
        server.done().await;
    }
}
