//! Servers that take the path of a listing command for something else, or that support few listing commands.

use std::time::Duration;

use oxftp::{Client, Credentials, DotNames, Error, Pool};
use oxftp_testing::{
    memory::{ListedPath, ListedTree, MemoryServer, ServerBehaviour},
    tree_server::{Answer, Request, RunningTreeServer, TreeServer},
};

use crate::common::scripts::paths;

const TREE: [&str; 7] =
    ["pub/", "pub/readme", "pub/new/", "pub/new/image", "pub/new/deep/", "pub/new/deep/x", "top"];

async fn connect(server: &RunningTreeServer) -> Client {
    let builder = Client::builder().socket_timeout(Duration::from_secs(5));
    let mut client = builder.connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    client
}

/// Lists the whole tree, in order; the session has to be in its first directory afterwards.
async fn tree(client: &mut Client, path: &str) -> Vec<String> {
    let mut found = paths(&client.list(path).recursive().await.unwrap());
    assert_eq!(client.current_dir().await.unwrap(), "/".into());
    found.sort();
    found
}

/// Starts a server of `paths` that deviates, and lists its tree, which has to be complete.
async fn check_tree(
    files: &[&str],
    deviation: impl Fn(&Request<'_>) -> Option<Answer> + Send + Sync + 'static,
) -> (RunningTreeServer, Client) {
    let server = TreeServer::of(files.iter().copied()).deviating(deviation).start().await;
    let mut client = connect(&server).await;
    let mut expected: Vec<_> = files.iter().map(|path| path.trim_end_matches('/').to_owned()).collect();
    expected.sort();
    assert_eq!(tree(&mut client, "").await, expected, "{:#?}", server.commands());
    (server, client)
}

fn is_listing(request: &Request<'_>) -> bool {
    matches!(request.verb, "MLSD" | "LIST" | "NLST")
}

/// Answers `MLSD` as unknown.
fn without_mlsd(request: &Request<'_>) -> Option<Answer> {
    matches!(request.verb, "MLSD" | "MLST").then(|| Answer::reply("500 what?"))
}

/// Lists the working directory, in the format of the command.
fn list_here(request: &Request<'_>) -> Answer {
    Answer::lines(match request.verb {
        "MLSD" => request.tree.mlsd(request.directory),
        _ => request.tree.list(request.directory, request.argument.starts_with("-a")),
    })
}

#[tokio::test]
async fn path_taken_for_pattern_is_entered() {
    let files = ["[one]/", "[one]/a", "[one]/two?/", "[one]/two?/b", "plain/", "plain/c"];
    for has_mlsd in [true, false] {
        let (_server, mut client) = check_tree(&files, move |request| {
            let is_pattern = is_listing(request) && request.argument.contains(['[', '?', '*']);
            let empty = is_pattern.then(|| Answer::lines(""));
            if has_mlsd { empty } else { without_mlsd(request).or(empty) }
        })
        .await;
        assert_eq!(paths(&client.list("[one]").await.unwrap()), ["[one]/a", "[one]/two?"]);
    }
}

#[tokio::test]
async fn pattern_that_matches_another_directory_is_entered() {
    let files = ["[ab]/", "[ab]/right", "a/", "a/wrong"];
    let (_server, mut client) = check_tree(&files, |request| {
        (request.verb == "MLSD" && request.argument == "[ab]").then(|| Answer::lines(request.tree.mlsd("/a")))
    })
    .await;

    assert_eq!(paths(&client.list("[ab]").await.unwrap()), ["[ab]/right"]);
}

#[tokio::test]
async fn ignored_path_is_noticed_and_entered() {
    let files = ["Reports/", "Reports/2024/", "Reports/2024/may", "Reports/list", "zero"];
    for has_mlsd in [true, false] {
        let ignoring = move |request: &Request<'_>| {
            let here = is_listing(request).then(|| list_here(request));
            if has_mlsd { here } else { without_mlsd(request).or(here) }
        };
        check_tree(&files, ignoring).await;

        let server = TreeServer::of(files).deviating(ignoring).start().await;
        let mut client = connect(&server).await;
        assert_eq!(paths(&client.list("Reports/2024").await.unwrap()), ["Reports/2024/may"]);
        let same: Vec<_> = paths(&client.list("Reports").await.unwrap());
        assert_eq!(same, ["Reports/2024", "Reports/list"]);
    }
}

#[tokio::test]
async fn path_with_blank_is_entered_when_refused() {
    let files = ["my dir/", "my dir/a", "my dir/b c/", "my dir/b c/d"];
    let (server, mut client) = check_tree(&files, |request| {
        (is_listing(request) && request.argument.contains(' ')).then(|| Answer::reply("550 my: no such file"))
    })
    .await;

    let before = server.count("MLSD");
    assert_eq!(client.list("my dir/b c").await.unwrap().len(), 1);
    assert_eq!(server.count("MLSD"), before + 1, "what works is remembered");
}

#[tokio::test]
async fn path_cut_at_blank_is_entered() {
    let files = ["my/", "my/wrong", "my dir/", "my dir/right", "my dir/sub/", "my dir/sub/x"];
    for has_mlsd in [true, false] {
        check_tree(&files, move |request| {
            let cut = || {
                let (first, _) = request.argument.trim_start_matches("-a ").split_once(' ')?;
                let path = request.resolve(first);
                request.tree.is_directory(&path).then(|| {
                    Answer::lines(match request.verb {
                        "MLSD" => request.tree.mlsd(&path),
                        _ => request.tree.list(&path, false),
                    })
                })
            };
            let cut = if is_listing(request) { cut() } else { None };
            if has_mlsd { cut } else { without_mlsd(request).or(cut) }
        })
        .await;
    }
}

#[tokio::test]
async fn honoured_blanks_are_confirmed_once() {
    let files = ["a b/", "a b/c", "d e/", "d e/f", "g h/", "g h/i"];
    let (server, _client) = check_tree(&files, |_| None).await;

    assert_eq!(server.count("MLSD"), 5, "{:#?}", server.commands());
}

#[tokio::test]
async fn name_with_leading_dash_is_entered() {
    let files = ["-dash/", "-dash/a", "-dash/-b/", "-dash/-b/c"];
    check_tree(&files, |request| {
        let option = request.verb == "LIST" && request.argument.trim_start_matches("-a ").starts_with('-');
        without_mlsd(request).or_else(|| (option && request.argument != "-a").then(|| list_here(request)))
    })
    .await;
}

#[tokio::test]
async fn empty_listing_of_every_path_is_not_believed() {
    for has_mlsd in [true, false] {
        let (server, mut client) = check_tree(&TREE, move |request| {
            let empty = (is_listing(request) && !request.argument.trim_start_matches("-a").is_empty())
                .then(|| Answer::lines(""));
            if has_mlsd { empty } else { without_mlsd(request).or(empty) }
        })
        .await;

        let by_path = |server: &RunningTreeServer| server.count("MLSD pub") + server.count("LIST pub");
        let before = by_path(&server);
        assert_eq!(client.list("pub/new").await.unwrap().len(), 2);
        assert_eq!(by_path(&server), before, "what works is remembered");
    }
}

#[tokio::test]
async fn refusal_that_calls_every_path_empty_is_confirmed() {
    let (_server, mut client) = check_tree(&TREE, |request| {
        let by_path = request.verb == "LIST" && !request.argument.trim_start_matches("-a").is_empty();
        without_mlsd(request).or_else(|| by_path.then(|| Answer::reply("550 No data sets found")))
    })
    .await;

    assert_eq!(paths(&client.list("pub").await.unwrap()), ["pub/new", "pub/readme"]);
}

#[tokio::test]
async fn refused_paths_are_entered_step_by_step() {
    for refusal in ["550 no", "501 bad path", "553 invalid"] {
        let (server, mut client) = check_tree(&TREE, move |request| {
            let is_path = is_listing(request) || request.verb == "CWD";
            let is_deep = request.argument.trim_matches('/').contains('/');
            (is_path && is_deep).then(|| Answer::reply(refusal))
        })
        .await;

        assert_eq!(client.list("pub/new/deep").await.unwrap().len(), 1);
        assert!(server.count("CWD pub/new/deep") <= 1, "{:#?}", server.commands());
    }
}

#[tokio::test]
async fn directory_is_left_by_cdup_without_pwd() {
    for reply in ["257 \"\"", "257 somewhere", "502 no"] {
        let files = ["a/", "a/b/", "a/b/c"];
        let server = TreeServer::of(files)
            .deviating(move |request| match request.verb {
                "PWD" => Some(Answer::reply(reply)),
                "MLSD" if !request.argument.is_empty() => Some(Answer::lines("")),
                _ => None,
            })
            .start()
            .await;
        let mut client = connect(&server).await;

        let found = paths(&client.list("").recursive().await.unwrap());

        assert_eq!(found, ["a", "a/b", "a/b/c"]);
        assert_eq!(paths(&client.list("").await.unwrap()), ["a"], "{:#?}", server.commands());
    }
}

#[tokio::test]
async fn mlsd_refused_for_every_directory_becomes_list() {
    for refusal in ["550 no such directory", "202 not implemented", "550 MLSD not supported"] {
        let (server, _client) = check_tree(&TREE, move |request| {
            matches!(request.verb, "MLSD" | "MLST").then(|| Answer::reply(refusal))
        })
        .await;

        assert!(server.count("MLSD") <= 4, "{:#?}", server.commands());
    }
}

#[tokio::test]
async fn mlsd_refused_by_path_becomes_list() {
    let files = ["pub/", "pub/a", "pub/b/", "pub/b/c"];
    let server = TreeServer::of(files)
        .deviating(|request| {
            matches!(request.verb, "MLSD" | "MLST").then(|| Answer::reply("550 no such directory"))
        })
        .start()
        .await;
    let mut client = connect(&server).await;

    assert_eq!(tree(&mut client, "pub").await, ["pub/a", "pub/b", "pub/b/c"]);

    let error = client.list("missing").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn list_refused_in_binary_is_sent_in_ascii() {
    for refusal in ["504 only TYPE A", "550 not in this type", "501 TYPE A required"] {
        let (server, mut client) = check_tree(&TREE, move |request| {
            let refused = request.verb == "LIST" && request.transfer_type == 'I';
            without_mlsd(request).or_else(|| refused.then(|| Answer::reply(refusal)))
        })
        .await;

        let before = server.count("LIST");
        client.list("pub").await.unwrap();
        assert_eq!(server.count("LIST"), before + 1, "what works is remembered");
    }
}

#[tokio::test]
async fn nlst_replaces_a_list_that_does_not_work() {
    for refusal in ["502 not implemented", "550 no"] {
        let (_server, mut client) = check_tree(&TREE, move |request| {
            let refused = request.verb == "LIST";
            without_mlsd(request).or_else(|| refused.then(|| Answer::reply(refusal)))
        })
        .await;

        let listed = client.list("pub").await.unwrap();
        assert_eq!(paths(&listed), ["pub/new", "pub/readme"]);
        assert!(listed[0].is_dir() && listed[1].is_file());
        assert_eq!(listed[1].size, Some("pub/readme".len() as u64));
        assert!(listed[1].modified.is_some());
    }
}

#[tokio::test]
async fn stat_replaces_a_missing_data_connection() {
    let (_server, mut client) = check_tree(&TREE, |request| match request.verb {
        "EPSV" | "PASV" => Some(Answer::reply("502 no data connections")),
        "STAT" => {
            let path = request.resolve(request.argument);
            let lines = request.tree.list(&path, true);
            Some(match request.tree.is_directory(&path) {
                true => Answer::reply(format!("213-Status follows:\r\n{lines}213 End")),
                false => Answer::reply("550 no such directory"),
            })
        }
        _ => None,
    })
    .await;

    assert!(client.list("missing").await.is_err());
}

#[tokio::test]
async fn listing_without_data_connection_keeps_its_error() {
    let server = TreeServer::of(TREE)
        .deviating(|request| match request.verb {
            "EPSV" | "PASV" => Some(Answer::reply("425 no data connections")),
            "STAT" => Some(Answer::reply("213-Status of ann\r\nlogged in\r\n213 End")),
            _ => None,
        })
        .start()
        .await;
    let mut client = connect(&server).await;

    let error = client.list("pub").await.unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(425), "{error}");
}

#[tokio::test]
async fn dot_names_hidden_by_list_are_listed() {
    let files = [".htaccess", "pub/", "pub/.git/", "pub/.git/config", "pub/x"];
    let (server, client) = check_tree(&files, without_mlsd).await;

    assert_eq!(client.dot_names(), DotNames::Shown);
    assert_eq!(server.count("LIST"), 4, "{:#?}", server.commands());
}

#[tokio::test]
async fn option_taken_for_a_name_is_not_used() {
    for answer in [Answer::reply("550 -a: No such file"), Answer::lines(""), Answer::reply("501 what?")] {
        let files = ["pub/", "pub/x", "y"];
        let (server, client) = check_tree(&files, move |request| {
            let is_option = request.verb == "LIST" && request.argument.starts_with("-a");
            without_mlsd(request).or_else(|| is_option.then(|| answer.clone()))
        })
        .await;

        assert_eq!((client.dot_names(), server.count("LIST -a")), (DotNames::Unknown, 1));
    }
}

#[tokio::test]
async fn option_without_effect_stays_in_use() {
    let files = ["pub/", "pub/.x", "y"];
    let (server, client) = check_tree(&files, |request| {
        // It lists names that begin with a dot, but not the directory itself.
        let path = || request.resolve(request.argument.trim_start_matches("-a").trim_start());
        let lines = || request.tree.list(&path(), true).split_inclusive('\n').skip(2).collect::<String>();
        let is_option = request.verb == "LIST" && request.argument.starts_with("-a");
        without_mlsd(request).or_else(|| is_option.then(|| Answer::lines(lines())))
    })
    .await;

    assert_eq!((client.dot_names(), server.count("LIST -a")), (DotNames::Shown, 2));
}

/// The path is at fault, not the option.
#[tokio::test]
async fn empty_listing_by_path_keeps_dot_names() {
    let files = ["d/", "d/.hidden", "d/x"];
    let (_server, client) = check_tree(&files, |request| {
        let path = request.argument.strip_prefix("-a").unwrap_or(request.argument);
        let all =
            || request.tree.list(request.directory, true).split_inclusive('\n').skip(2).collect::<String>();
        let answer = || match (path.is_empty(), request.argument) {
            (false, _) => Some(Answer::lines("")),
            (true, "-a") => Some(Answer::lines(all())),
            (true, _) => None,
        };
        without_mlsd(request).or_else(|| if request.verb == "LIST" { answer() } else { None })
    })
    .await;

    assert_eq!(client.dot_names(), DotNames::Shown);
}

#[tokio::test]
async fn listed_file_does_not_decide_about_dot_names() {
    let server = TreeServer::of(["file", "d/", "d/.x"])
        .deviating(|request| {
            let is_file = request.verb == "LIST" && request.argument.ends_with("file");
            let line = "-rw-r--r-- 1 ann staff 4 Jan  2  2024 file\r\n";
            without_mlsd(request).or_else(|| is_file.then(|| Answer::lines(line)))
        })
        .start()
        .await;
    let mut client = connect(&server).await;

    assert!(client.list("file").await.unwrap().is_empty());
    assert_eq!(paths(&client.list("d").await.unwrap()), ["d/.x"]);
}

#[tokio::test]
async fn option_that_lists_another_directory_is_not_used() {
    let files = ["pub/", "pub/x", "y"];
    let server = TreeServer::of(files)
        .deviating(|request| {
            let is_option = request.verb == "LIST" && request.argument.starts_with("-a");
            without_mlsd(request).or_else(|| is_option.then(|| Answer::lines(request.tree.list("/", true))))
        })
        .start()
        .await;
    let mut client = connect(&server).await;

    assert_eq!(paths(&client.list("pub").await.unwrap()), ["pub/x"]);
    assert_eq!(client.dot_names(), DotNames::Unknown);
}

#[tokio::test]
async fn dot_names_of_mlsd_count_as_shown() {
    let server = TreeServer::of(["x"]).start().await;
    let mut client = connect(&server).await;
    assert_eq!(client.dot_names(), DotNames::Unknown);

    client.list("").await.unwrap();

    assert_eq!(client.dot_names(), DotNames::Shown);
}

#[tokio::test]
async fn banner_does_not_decide_about_dot_names() {
    let files = [".a", "pub/", "pub/.b", "pub/c"];
    let hides = |request: &Request<'_>| {
        let hidden = request.verb == "LIST" && request.argument == "-a";
        without_mlsd(request).or_else(|| hidden.then(|| Answer::reply("550 -a: no such file")))
    };
    let server = TreeServer::of(files).deviating(hides).start().await;
    let mut client = connect(&server).await;

    client.list("").await.unwrap();

    assert_eq!(client.dot_names(), DotNames::Unknown);
}

#[tokio::test]
async fn removed_tree_includes_dot_names() {
    let server = TreeServer::of(["t/", "t/.htaccess", "t/sub/", "t/sub/.x", "keep"])
        .deviating(without_mlsd)
        .start()
        .await;
    let mut client = connect(&server).await;

    client.remove_dir_all("t").await.unwrap();

    assert_eq!(server.paths(), ["keep"]);
}

#[tokio::test]
async fn knowledge_of_listings_is_shared_in_a_pool() {
    let server = TreeServer::of(TREE)
        .deviating(|request| {
            let by_path = is_listing(request) && !request.argument.trim_start_matches("-a").is_empty();
            without_mlsd(request).or_else(|| by_path.then(|| Answer::lines("")))
        })
        .start()
        .await;
    let builder = Client::builder().socket_timeout(Duration::from_secs(5));
    let pool = Pool::new(builder, server.address(), Credentials::anonymous());
    let mut first = pool.client().await.unwrap();
    let mut second = pool.client().await.unwrap();
    first.list("pub").await.unwrap();
    let (by_path, all) = (server.count("LIST pub"), server.count("LIST -a"));

    second.list("pub/new").await.unwrap();

    assert_eq!(by_path, 1);
    assert_eq!(server.count("LIST pub"), by_path, "{:#?}", server.commands());
    assert!(server.count("LIST -a") <= all + 1, "{:#?}", server.commands());
}

#[tokio::test]
async fn honest_server_needs_few_additional_commands() {
    let files = ["a/", "a/x", "b/", "b/c/", "b/c/y", "empty/", "hollow/", "z"];
    let (server, _client) = check_tree(&files, |_| None).await;
    // One directory is confirmed to be empty.
    assert_eq!(server.count("MLSD"), 7, "{:#?}", server.commands());
    assert_eq!((server.count("CWD"), server.count("PWD")), (2, 2), "{:#?}", server.commands());

    let (server, _client) = check_tree(&files, without_mlsd).await;
    assert_eq!((server.count("LIST"), server.count("CWD")), (7, 0), "{:#?}", server.commands());
}

#[tokio::test]
async fn locked_directory_is_not_its_own_child() {
    let files = ["locked/", "locked/secret", "open/", "open/open/", "open/open/x"];
    let server = TreeServer::of(files)
        .deviating(|request| {
            let line = "drwx------ 2 0 0 4096 Jan  2  2024 locked\r\n";
            let is_locked = request.argument.ends_with("locked");
            match request.verb {
                "CWD" if is_locked => Some(Answer::reply("550 Failed to change directory.")),
                "LIST" if is_locked => Some(Answer::lines(line)),
                _ => without_mlsd(request),
            }
        })
        .start()
        .await;
    let mut client = connect(&server).await;

    let error = client.list("locked").await.unwrap_err();
    assert_eq!(error.code().map(|code| code.get()), Some(550), "{error}");
    assert!(!client.try_exists("locked/locked").await.unwrap_or(false));
    let mut entries = client.list("").recursive().stream();
    let (mut found, mut failures) = (Vec::new(), 0);
    while let Some(entry) = entries.next().await {
        match entry {
            Ok(entry) => found.push(entry.path().to_string()),
            Err(_) => failures += 1,
        }
    }
    found.sort();
    assert_eq!(
        (found, failures),
        (["locked", "open", "open/open", "open/open/x"].map(str::to_owned).to_vec(), 1)
    );
}

#[tokio::test]
async fn missing_directory_listed_as_empty_is_error() {
    let server = TreeServer::of(["d/"])
        .deviating(|request| match request.verb {
            "LIST" if request.argument.ends_with("nothing") => Some(Answer::lines("")),
            _ => without_mlsd(request),
        })
        .start()
        .await;
    let mut client = connect(&server).await;

    assert!(client.list("nothing").await.unwrap_err().is_not_found());
    assert!(client.list("d").await.unwrap().is_empty());
}

#[tokio::test]
async fn path_refused_after_preliminary_reply_is_entered() {
    check_tree(&TREE, |request| {
        (request.verb == "MLSD" && !request.argument.is_empty())
            .then(|| Answer::Data(Vec::new(), "550 no such directory".to_owned()))
    })
    .await;
}

#[tokio::test]
async fn awaited_listing_with_missing_entries_is_error() {
    for (lines, end) in [
        ("type=file; a\r\n", "226 Output truncated to 1 matches"),
        ("", "226 Transfer done (but failed to open directory)."),
        ("what is this\r\nand this\r\n", "226 done"),
        ("type=file; a\r\ntype=file; x/../../y\r\n", "226 done"),
    ] {
        let server = TreeServer::of(["d/"])
            .deviating(move |request| {
                is_listing(request).then(|| Answer::Data(lines.as_bytes().to_vec(), end.to_owned()))
            })
            .start()
            .await;
        let mut client = connect(&server).await;

        let error = client.list("").await.unwrap_err();
        let is_expected =
            matches!(error, Error::IncompleteListing | Error::UnparsedListing { .. } | Error::Name(_));
        assert!(is_expected, "{error}");

        let lenient = client.list("").lenient().await.unwrap();
        assert!(lenient.len() <= 1, "{lenient:?}");
    }
}

/// Starts a server in memory with the tree `d`, and lists that.
async fn list_in_memory(behaviour: ServerBehaviour, timeout: Duration) -> (MemoryServer, Vec<String>) {
    let server = MemoryServer::start(behaviour).await;
    server.add_file("d/a", "one", 0);
    server.add_file("d/e/b", "two", 0);
    let mut client = Client::builder().socket_timeout(timeout).connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    let found = tree(&mut client, "d").await;
    (server, found)
}

#[tokio::test]
async fn stalled_list_path_is_replaced_by_cwd() {
    let behaviour =
        ServerBehaviour { listed_paths: &[("LIST", ListedPath::Stalled)], ..ServerBehaviour::list_only() };

    let (server, found) = list_in_memory(behaviour, Duration::from_secs(1)).await;

    assert_eq!(found, ["d/a", "d/e", "d/e/b"]);
    let with_path = |line: &&String| line.starts_with("LIST ") && **line != "LIST -a";
    assert_eq!(server.commands().iter().filter(with_path).count(), 1);
}

#[tokio::test]
async fn empty_mlsd_is_compared_with_list_once() {
    let nothing = ServerBehaviour { mlsd_shows_nothing: true, ..ServerBehaviour::default() };

    let (server, found) = list_in_memory(nothing, Duration::from_secs(5)).await;

    assert_eq!(found, ["d/a", "d/e", "d/e/b"]);
    assert!(!server.commands().iter().any(|line| line == "MLSD d/e"));

    let server = MemoryServer::start(ServerBehaviour::default()).await;
    let mut client = Client::builder().connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    let _ = server.commands();
    assert!(client.list("").await.unwrap().is_empty());
    let commands = server.commands();
    assert!(["MLSD", "LIST"].iter().all(|verb| commands.iter().any(|line| line == verb)), "{commands:?}");
    server.change(|behaviour| behaviour.refused = vec!["LIST"]);
    assert!(client.list("").await.unwrap().is_empty());
}

/// Once the path was reported as missing.
#[tokio::test]
async fn created_path_is_found_despite_cached_listing() {
    let behaviour = ServerBehaviour { shows_uploads_late: true, ..ServerBehaviour::list_only() };
    let server = MemoryServer::start(behaviour).await;
    server.add_file("older", "older", 0);
    let mut client = Client::builder().connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    assert!(!client.try_exists("new").await.unwrap());

    client.write("new", b"new").await.unwrap();

    assert_eq!(client.metadata("new").await.unwrap().size, Some(3));
    assert!(!client.try_exists("missing").await.unwrap());
}

/// Once every path began with each directory above it, until the limit was reached.
#[tokio::test]
async fn list_option_that_lists_root_is_not_used() {
    let behaviour = ServerBehaviour { list_options_name_root: true, ..ServerBehaviour::list_only() };

    let (_server, found) = list_in_memory(behaviour, Duration::from_secs(5)).await;

    assert_eq!(found, ["d/a", "d/e", "d/e/b"]);
}

/// Once the names of other directories were listed, or were errors.
#[tokio::test]
async fn listing_of_whole_tree_shows_one_directory() {
    for listed_tree in [ListedTree::Sections, ListedTree::Paths] {
        let behaviour = ServerBehaviour { listed_tree, ..ServerBehaviour::list_only() };

        let (_server, found) = list_in_memory(behaviour, Duration::from_secs(5)).await;

        assert_eq!(found, ["d/a", "d/e", "d/e/b"], "{listed_tree:?}");
    }
}
