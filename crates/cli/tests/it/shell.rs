//! The shell: its commands from `-c`, from stdin and from a terminal.

use std::{
    fs, io,
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use crate::common::{Run, Site, content, run, run_with_input};

fn shell(site: &Site, commands: &str) -> Run {
    site.run(&["shell", "-c", commands, &site.url("")])
}

#[test]
fn help_of_a_command_shows_its_flags() {
    let site = Site::plain();

    assert!(site.succeed(&["shell", "-c", "help get", &site.url("")]).contains("--continue"));
    assert!(site.succeed(&["shell", "-c", "help mirror", &site.url("")]).contains("mirror -R LOCAL"));
    assert!(site.succeed(&["shell", "-c", "help cd; ? lcd", &site.url("")]).contains("cd [DIR]   change"));
    for (wrong, words) in
        [("help frobnicate", "unknown command"), ("help a b", "usage: help, or help COMMAND")]
    {
        let run = shell(&site, wrong);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

#[test]
fn system_command_may_follow_another_command() {
    let run = shell(&Site::plain(), "pwd; !echo 'a  b' | tr a-z A-Z; echo c");

    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "/\nA  B\nc\n"), "{}", run.stderr);
}

#[test]
fn several_names_are_listed_moved_and_measured() {
    let site = Site::plain();
    for name in ["1.csv", "2.csv", "x"] {
        site.write_remote(name, "12");
    }

    let run = shell(&site, "ls *.csv; du -s *.csv; mkdir done; mv *.csv done/; mv x done/1.csv .; ls");

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let lines = run.stdout();
    assert_eq!(lines.lines().collect::<Vec<_>>()[..2], ["1.csv", "2.csv"], "{lines}");
    assert!(lines.ends_with("1.csv\ndone\nx\n"), "{lines}");
    assert!(site.there("done/2.csv").exists() && site.there("1.csv").exists());
}

#[test]
fn shell_prints_paths_as_they_are_typed() {
    let site = Site::plain();
    for name in ["pub/1.csv", "pub/2.csv", "pub/in/x"] {
        site.write_remote(name, "12");
    }
    let printed = |commands: &str| {
        let run = shell(&site, commands);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.stdout()
    };

    assert_eq!(printed("cd pub; ls *.csv"), "1.csv\n2.csv\n");
    assert_eq!(printed("cd pub; ls in ."), "in:\nx\n\n/pub:\n1.csv\n2.csv\nin\n");
    assert_eq!(printed("cd pub; ls /pub/*.csv"), "/pub/1.csv\n/pub/2.csv\n");
    assert_eq!(printed("cd pub; du -s 1.csv 2.csv"), "2\t1.csv\n2\t2.csv\n");
    assert_eq!(printed("cd pub; head 1.csv in/x"), "==> 1.csv <==\n12\n==> in/x <==\n12");
}

#[test]
fn shell_mirror_takes_a_pattern() {
    let site = Site::plain();
    for name in ["logs/2026-01/a", "logs/2026-02/b", "logs/2025/c", "x[1]/2026/d", "x[1]/e"] {
        site.write_remote(name, "12");
    }

    let run = shell(&site, "mirror logs/2026-* here; cd x[1]; mirror 20* there; mirror 'logs*' none || pwd");

    assert!(site.here("here/2026-02/b").exists() && !site.here("here/2025").exists(), "{}", run.stderr);
    assert!(site.here("there/2026/d").exists() && !site.here("there/e").exists(), "{}", run.stderr);
    assert_eq!(run.stdout(), "/x[1]\n");
}

#[test]
fn get_and_put_take_a_new_name() {
    let site = Site::plain();
    site.write_remote("remote", "there");
    fs::write(site.here("local"), "here").unwrap();

    let run =
        shell(&site, "put local renamed; get remote copied; mkdir d; put local d/named; get d/named remote");

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read(site.there("renamed")).unwrap(), b"here");
    assert_eq!(fs::read(site.there("d/named")).unwrap(), b"here");
    assert_eq!(fs::read(site.here("copied")).unwrap(), b"there");
    // The server has both: they are two files.
    assert_eq!(fs::read(site.here("remote")).unwrap(), b"there");
    assert_eq!(fs::read(site.here("named")).unwrap(), b"here");
}

#[test]
fn shell_mirrors_in_both_directions() {
    let site = Site::plain();
    site.write_remote("down/a", "a");
    fs::create_dir(site.here("up")).unwrap();
    fs::write(site.here("up/b"), "b").unwrap();

    let run = shell(&site, "mirror down; mirror down ./other; mirror ./up x/up; mirror -R up y");

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(site.here("a").exists() && site.here("other/a").exists());
    assert!(site.there("x/up/b").exists() && site.there("y/b").exists());
}

#[test]
fn shell_mirror_of_local_name_has_hint() {
    let site = Site::plain();
    fs::create_dir_all(site.here("mm")).unwrap();

    let run = shell(&site, "mirror mm x");

    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("mirror -R LOCAL [REMOTE]"), "{}", run.stderr);
}

#[test]
fn shell_changes_limit_rate() {
    let site = Site::plain();

    let run = shell(&site, "limit-rate; limit-rate 5M; limit-rate; set limit-rate off; limit-rate");
    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "off\n5242880\noff\n"));
    assert_eq!(shell(&site, "limit-rate fast").code, Some(2));
}

#[test]
fn shell_copies_files() {
    let site = Site::plain();
    fs::write(site.here("a"), "1").unwrap();

    let run = shell(&site, "put a; mkdir d; cp a b; cp a b d; cp --rename-with s/b/c/ b; ls; ls d");

    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "a\nb\nc\nd\na\nb\n"), "{}", run.stderr);
}

#[test]
fn script_of_a_classic_client_runs() {
    let site = Site::plain();
    site.write_remote("a.txt", "1\r\n2\r\n");
    fs::write(site.here("b"), "x").unwrap();
    let (user, host) = (site.server.user().to_owned(), site.server.host().to_owned());

    let script = format!(
        "open {host}\nuser {user} secret\nbinary\nhash\nprompt\nverbose off\npassive\nmkdir in\ncd in\nsend b\ncdup\nascii\nrecv a.txt\nbinary\ndelete in/b\nmdelete in/* || pwd\nbye\n"
    );
    let run = run_with_input(&mut site.command(&["shell", &site.url("")]), script.as_bytes());

    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "/\n"), "{}", run.stderr);
    assert_eq!(fs::read(site.here("a.txt")).unwrap(), b"1\n2\n");
    for (wrong, words) in [
        ("user other x", "start the shell with this user"),
        ("open elsewhere", "use one shell for each server"),
        ("reget a", "get -c and put -c resume"),
    ] {
        let run = shell(&site, wrong);
        assert_eq!(run.code, Some(2), "{wrong}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{wrong}: {}", run.stderr);
    }
}

#[test]
fn background_job_prints_no_progress() {
    let site = Site::plain();
    site.write_remote("a", content(100_000));

    let url = site.url("");
    let run = site.run(&["shell", "--progress", "always", "-c", "get a & wait; get a -o b", &url]);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let ended = run.stderr.find("[1] get a: done").unwrap();
    assert!(!run.stderr[..ended].contains("KiB"), "{}", run.stderr);
    assert!(run.stderr[ended..].contains("KiB"), "{}", run.stderr);
}

#[test]
fn paths_are_relative_to_the_current_directory() {
    let site = Site::plain();
    site.write_remote("pub/deep/a b.txt", "content");
    site.write_remote("pub/top", "top");

    let run = shell(
        &site,
        "cd pub; pwd\ncat 'deep/a b.txt' deep/../top; cd deep; pwd; ls; cd ..; cat top; cd -; pwd; cd; pwd",
    );

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let lines = run.stdout();
    assert_eq!(lines, "/pub\ncontenttop/pub/deep\na b.txt\ntop/pub/deep\n/\n");
}

#[test]
fn verbs_take_paths_instead_of_urls() {
    let site = Site::plain();
    fs::write(site.here("up"), "up").unwrap();

    let run = shell(
        &site,
        "mkdir -p a/b; cd a; put up; mv up b/moved; get b/moved -o down; put -d b up; rm -f b/moved; find --type f; raw NOOP",
    );

    assert_eq!((run.code, run.stdout().lines().next()), (Some(0), Some("b/up")), "{}", run.stderr);
    assert_eq!(fs::read(site.there("a/b/up")).unwrap(), b"up");
    assert_eq!(fs::read(site.here("down")).unwrap(), b"up");
}

#[test]
fn failed_command_ends_the_script() {
    let site = Site::plain();
    site.write_remote("kept/file", "x");

    for (commands, code) in [
        ("cd missing; rm -r kept", 6),
        ("cat missing\nrm -r kept", 6),
        ("frobnicate; rm -r kept", 2),
        ("ls --nonsense; rm -r kept", 2),
        ("ls 'kept; rm -r kept", 2),
        ("rm no*such; rm -r kept", 6),
        ("source nothing; rm -r kept", 9),
        ("!false\nrm -r kept", 9),
        ("wait 7; rm -r kept", 6),
        ("cat missing & wait; rm -r kept", 6),
    ] {
        let run = shell(&site, commands);
        assert_eq!(run.code, Some(code), "{commands}: {}", run.stderr);
        assert!(site.there("kept/file").exists(), "{commands}");
    }
    assert_eq!(shell(&site, "exit; rm -r kept").code, Some(0));
    assert!(site.there("kept/file").exists());
}

#[test]
fn conditional_commands_follow_success_or_failure() {
    let site = Site::plain();
    site.write_remote("kept", "x");
    site.write_remote("t", "x");

    let run = shell(&site, "get missing && rm kept; pwd");
    assert_eq!(run.code, Some(6), "{}", run.stderr);
    assert!(site.there("kept").exists());

    let run = shell(&site, "get missing || cat kept; cat kept && rm kept || rm t");
    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "xx"), "{}", run.stderr);
    assert!(!site.there("kept").exists() && site.there("t").exists());
}

#[test]
fn pipes_and_redirections_run_nothing() {
    let site = Site::plain();
    site.write_remote("t", "x");

    for line in ["rm t | less", "rm t > list", "rm nothing |& rm t", "rm t &&"] {
        let run = shell(&site, line);
        assert_eq!(run.code, Some(2), "{line}: {}", run.stderr);
        assert!(site.there("t").exists(), "{line}");
    }
}

#[test]
fn commands_share_one_login_and_quit_once() {
    let site = Site::plain();
    site.write_remote("pub/a", "1");
    let input = "ls\ncd pub\ncat a\nls\n";

    let url = site.url("");
    let run = run_with_input(&mut site.command(&["shell", "-v", &url]), input.as_bytes());

    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "pub\n1a\n"), "{}", run.stderr);
    assert_eq!(run.stderr.matches("> USER").count(), 1, "{}", run.stderr);
    assert_eq!(run.stderr.matches("> QUIT").count(), 1, "{}", run.stderr);
}

#[test]
fn globs_match_remote_and_local_names() {
    let site = Site::plain();
    for name in ["a.txt", "b.txt", "c.log", "*"] {
        site.write_remote(&format!("pub/{name}"), name);
        fs::write(site.here(name), name).unwrap();
    }

    let run = shell(
        &site,
        r"cd pub; cat *.txt; cat \*; mkdir up; cd up; put ?.txt; cd ..; rm -r *.log up/a*; ls up",
    );

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stdout(), "a.txtb.txt*b.txt\n");
    assert!(!site.there("pub/c.log").exists() && site.there("pub/b.txt").exists());
}

#[test]
fn glob_matches_all_names_of_huge_directory() {
    let site = Site::plain();
    fs::create_dir(site.there("many")).unwrap();
    (0..30_000).for_each(|number| fs::write(site.there(&format!("many/{number:05}")), "").unwrap());

    let run = shell(&site, "cd many; rm *99");

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read_dir(site.there("many")).unwrap().count(), 30_000 - 300);
}

#[test]
fn mv_moves_into_a_directory_with_slash() {
    let site = Site::plain();
    site.write_remote("pub/file", "x");
    fs::create_dir(site.there("pub/a b")).unwrap();

    let run = shell(&site, "cd pub; mv file 'a b/'; mv 'a b/file' /renamed");

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read(site.there("renamed")).unwrap(), b"x");
}

#[test]
fn jobs_run_concurrently_and_end_before_exit() {
    let site = Site::plain();
    site.write_remote("one", content(200_000));
    site.write_remote("two", content(200_000));

    let run = shell(&site, "get one & get two & jobs; wait; get one -o three &");

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for name in ["one", "two", "three"] {
        assert_eq!(fs::read(site.here(name)).unwrap(), content(200_000), "{name}");
    }
    assert!(
        run.stderr.contains("[1] get one: done") && run.stderr.contains("[3] get one -o three: done"),
        "{}",
        run.stderr
    );
    let listed = run.stdout();
    assert!(listed.contains("[1] get one\n") && listed.contains("[2] get two\n"), "{listed}");
}

#[test]
fn killed_job_keeps_partial_file_only() {
    let site = Site::plain();
    site.write_remote("big", content(8 << 20));

    let run = shell(
        &site,
        "get --limit-rate 1k big &\n!until [ -e big.oxftp.part ]; do :; done\njobs\nkill 1; jobs",
    );

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stdout().matches("[1]").count(), 1, "{}", run.stdout());
    assert!(run.stdout().contains(" of 8.0 MiB"), "the list has no progress: {}", run.stdout());
    assert!(site.here("big.oxftp.part").exists() && !site.here("big").exists());
}

#[test]
fn source_runs_a_file_with_limited_recursion() {
    let site = Site::plain();
    site.write_remote("pub/x", "x");
    fs::write(site.here("script"), "# a comment\ncd pub\ncat x\n").unwrap();
    fs::write(site.here("loop"), "source loop\n").unwrap();

    assert_eq!(shell(&site, "source script; pwd").stdout(), "x/pub\n");
    assert_eq!(shell(&site, "source loop").code, Some(2));
}

#[test]
fn local_commands_use_the_local_directory() {
    let site = Site::plain();
    site.write_remote("x", "x");
    fs::create_dir(site.here("in")).unwrap();

    let run = shell(&site, "lcd in; get x; lls\n!echo said");

    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "x\nsaid\n"), "{}", run.stderr);
    assert_eq!(fs::read(site.here("in/x")).unwrap(), b"x");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_waiting_shell() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ftp://me@{}/", silent.local_addr().unwrap());
    let child =
        crate::common::oxftp(&["shell", "-c", "ls", &url]).env("OXFTP_PASSWORD", "x").spawn().unwrap();
    let (_held, _) = silent.accept().unwrap();
    crate::common::interrupt(&child);
    assert_eq!(Run::from(child.wait_with_output().unwrap()).code, Some(130));

    let site = Site::plain();
    site.write_remote("big", content(8 << 20));
    let child = site.command(&["shell", "-c", "get --limit-rate 1k big &", &site.url("")]).spawn().unwrap();
    crate::common::until("the part file", || site.here("big.oxftp.part").exists());
    crate::common::interrupt(&child);
    assert_eq!(Run::from(child.wait_with_output().unwrap()).code, Some(130));
    assert!(!site.here("big").exists());
}

#[test]
fn no_shell_command_shows_a_password() {
    let site = Site::plain();
    let run = shell(&site, "pwd; ls -vv; stat missing");
    assert_eq!(run.code, Some(6), "{}", run.stderr);
    let wrong = run_wrong(&site);
    assert_eq!(wrong.code, Some(5), "{}", wrong.stderr);
    wrong.hides("not-it");
}

fn run_wrong(site: &Site) -> Run {
    run(site.command(&["shell", "-c", "ls", &site.url("")]).env("OXFTP_PASSWORD", "not-it"))
}

/// Forwards control connections to the server, and closes them on request.
struct Between {
    port: u16,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Between {
    fn start(site: &Site) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, server) = (listener.local_addr().unwrap().port(), site.server.port());
        let open = Arc::new(Mutex::new(Vec::new()));
        let all = open.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { return };
                for (mut from, mut to) in
                    [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
                {
                    all.lock().unwrap().push(from.try_clone().unwrap());
                    std::thread::spawn(move || {
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Self { port, open }
    }

    /// Closes all connections and returns their number.
    fn cut(&self) -> usize {
        let open = std::mem::take(&mut *self.open.lock().unwrap());
        open.iter().for_each(|socket| drop(socket.shutdown(Shutdown::Both)));
        open.len() / 2
    }
}

#[cfg(unix)]
mod at_a_terminal {
    use std::{process::Command, time::Duration};

    use expectrl::{ControlCode, Expect, session::OsSession};

    use super::*;

    /// Starts the shell in a pseudo-terminal.
    fn start(site: &Site, url: &str) -> OsSession {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oxftp"));
        command.args(["shell", url]).current_dir(site.here(""));
        command.env("OXFTP_PASSWORD", site.server.password()).env("TERM", "xterm").env_remove("OXFTP_CONFIG");
        command
            .env("HOME", site.here("home"))
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .env_remove("XDG_STATE_HOME");
        let mut session = OsSession::spawn(command).unwrap();
        session.set_expect_timeout(Some(Duration::from_secs(20)));
        session
    }

    #[test]
    fn completion_of_verbs_flags_and_names() {
        let site = Site::plain();
        site.write_remote("pub/some file.txt", "the content");
        fs::write(site.here("local-name"), "x").unwrap();
        let mut session = start(&site, &site.url(""));

        session.expect(":/>").unwrap();
        session.send("cd p\t\r").unwrap();
        session.expect(":/pub>").unwrap();
        session.send("ca\tso\t\r").unwrap();
        session.expect("the content").unwrap();
        session.expect(":/pub>").unwrap();
        session.send("put loc\t\r").unwrap();
        session.expect("1 B in").unwrap();
        session.expect(":/pub>").unwrap();
        // The uploaded name is completed, although the directory was listed before.
        session.send("stat lo\t\r").unwrap();
        session.expect("type     file").unwrap();
        session.send("ls --rec\t\r").unwrap();
        session.expect("some file.txt").unwrap();
        session.send_line("exit").unwrap();
        session.expect(expectrl::Eof).unwrap();
        assert!(site.there("pub/local-name").exists());
        let history = fs::read_to_string(site.here("home/.local/state/oxftp/history")).unwrap();
        assert!(history.contains("put local-name"), "{history}");
    }

    #[test]
    fn interactive_shell_continues_after_a_failure() {
        let site = Site::plain();
        let mut session = start(&site, &site.url(""));

        session.expect(":/>").unwrap();
        session.send_line("cat missing").unwrap();
        session.expect("error:").unwrap();
        session.expect(":/>").unwrap();
        session.send_line("pwd").unwrap();
        session.expect("/\r\n").unwrap();
        // Before the prompt, the terminal would handle the input, not the shell.
        session.expect(":/>").unwrap();
        session.send(ControlCode::EOT).unwrap();
        session.expect(expectrl::Eof).unwrap();
    }

    #[test]
    fn ctrl_c_cancels_the_command_not_the_shell() {
        let site = Site::plain();
        site.write_remote("big", content(8 << 20));
        let mut session = start(&site, &site.url(""));

        session.expect(":/>").unwrap();
        session.send_line("get --limit-rate 1k big").unwrap();
        crate::common::until("the part file", || site.here("big.oxftp.part").exists());
        session.send(ControlCode::ETX).unwrap();
        session.expect("interrupted").unwrap();
        session.send_line("ls").unwrap();
        session.expect("big").unwrap();
        assert!(!site.here("big").exists());
    }

    #[test]
    fn lost_connection_is_reopened_in_the_same_directory() {
        let site = Site::plain();
        site.write_remote("pub/file", "the content");
        let between = Between::start(&site);
        let url = format!("ftp://{}@127.0.0.1:{}/", site.server.user(), between.port);
        let mut session = start(&site, &url);

        session.expect(":/>").unwrap();
        session.send_line("cd pub").unwrap();
        session.expect(":/pub>").unwrap();
        assert_eq!(between.cut(), 1);
        session.send_line("cat file").unwrap();
        session.expect("the content").unwrap();
        session.expect(":/pub>").unwrap();
        assert_eq!(between.cut(), 1);
    }

    #[test]
    fn password_is_never_on_the_screen() {
        let site = Site::plain();
        let mut session = start(&site, &site.url(""));

        session.expect(":/>").unwrap();
        session.send_line("ls -vv; jobs; help").unwrap();
        let shown = session.expect("wait").unwrap();
        assert!(!String::from_utf8_lossy(shown.as_bytes()).contains(site.server.password()));
    }
}
