//! A whole session with the program on each profile of `oxftp_testing::profiles`.

use std::{fs, path::Path};

use oxftp_testing::{memory::MemoryServer, profiles};
use tokio::runtime::Runtime;

use crate::common::{oxftp, run};

/// Defines a test for each profile.
macro_rules! sessions {
    ($($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                whole_session(stringify!($name));
            }
        )*
    };
}

oxftp_testing::for_each_profile!(sessions);

/// The files of the tree, which every profile can store.
const FILES: [(&str, &str); 4] =
    [("NOTES", "notes"), ("SUB/A B", "blank"), ("SUB/DEEP/LIST", "list"), ("SUB/MENU", "menu")];

fn whole_session(name: &str) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(MemoryServer::start((profiles::find(name).unwrap().behaviour)()));
    let local = tempfile::tempdir().unwrap();
    let here = local.path();
    for (path, content) in FILES {
        let path = here.join("T").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let url = format!("ftp://{}/", server.address());
    let run_on = |line: &str| {
        let words: Vec<_> = line.split_whitespace().map(|word| word.replace('@', &url)).collect();
        let run = run(oxftp(&words).args(["--timeout", "10"]).current_dir(here));
        assert_eq!(run.code, Some(0), "{line}: {} {:?}", run.stderr, server.commands());
        run
    };

    run_on("put T/NOTES @");
    run_on("put -r T @");
    assert!(run_on("ls -l @").stdout().contains("NOTES"));
    run_on("stat @T/NOTES @T/SUB");
    run_on("get -r -d back @T");
    assert_same(&here.join("back/T"));
    run_on("mirror @T M");
    assert_same(&here.join("M"));
    let again = run_on("mirror -v --delete @T M").stderr;
    assert!(!again.contains("RETR"), "{again}");
    assert_same(&here.join("M"));
    run_on("mirror M @U");
    let again = run_on("mirror -v --delete -j 1 M @U").stderr;
    assert!(!again.contains("STOR"), "{again}");

    let script = "pwd; ls; cd U; ls; get NOTES; put M/NOTES NEW; cd SUB; get MENU; cd ..; rm NEW; get -r SUB; cd ..; mirror U UU; mirror -R UU W; rm -r W";
    let shell = run(oxftp(&["shell", &url, "-c", script, "--timeout", "10"]).current_dir(here));
    assert_eq!(shell.code, Some(0), "{} {:?}", shell.stderr, server.commands());
    assert_same(&here.join("UU"));
    assert_eq!(fs::read_to_string(here.join("SUB/DEEP/LIST")).unwrap(), "list");

    run_on("rm -r @T @U");
    run_on("rm @NOTES");
    assert_eq!(run_on("ls @").stdout(), "");
}

fn assert_same(root: &Path) {
    for (path, content) in FILES {
        assert_eq!(fs::read_to_string(root.join(path)).unwrap(), content, "{path}");
    }
}
