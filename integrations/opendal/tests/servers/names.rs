//! Names with characters that have a meaning somewhere.

use std::{ffi::OsStr, fs};

use oxftp_testing::{server_tests, servers::TestServer};

use crate::{operator, tree};

server_tests! { odd_names_survive_every_operation }

/// OpenDAL itself removes blanks at the ends of a path, and takes a slash for a separator.
const NAMES: [&str; 14] = [
    "two words",
    "100%",
    "%41%2F",
    "späß-文-🐂",
    "a+b=c&d#e?f",
    "brackets[1]{2}(3)",
    "quote\"d 'x'",
    "!@#$^;',.txt",
    "back\\slash",
    "...",
    "-dash",
    ".hidden",
    "semi;colon: x",
    "star*",
];

async fn odd_names_survive_every_operation(server: &TestServer) {
    let operator = operator(server);
    for name in NAMES {
        let kind = server.kind();
        if kind.refuses_file(OsStr::new(name)).is_some() || kind.refuses_directory(OsStr::new(name)).is_some()
        {
            continue;
        }
        let (file, other) = (format!("{name}/{name}"), format!("{name}/2 {name}"));
        operator.write(&file, name).await.unwrap();
        assert_eq!(fs::read_to_string(server.root().join(&file)).unwrap(), name);
        assert_eq!(operator.stat(&file).await.unwrap().content_length(), name.len() as u64, "{name}");
        assert!(operator.stat(&format!("{name}/")).await.unwrap().is_dir(), "{name}");
        operator.copy(&file, &other).await.unwrap();
        operator.rename(&other, &file).await.unwrap();
        operator.write_with(&file, name).append(true).await.unwrap();
        assert_eq!(operator.read(&file).await.unwrap().to_vec(), name.repeat(2).as_bytes(), "{name}");
        let listed = operator.list(&format!("{name}/")).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|entry| entry.path()).collect();
        assert_eq!(listed, [&format!("{name}/"), &file], "{name}");
        let all = operator.list_with("").recursive(true).await.unwrap();
        assert!(all.iter().any(|entry| entry.path() == file), "{name}");
        operator.delete(&file).await.unwrap();
        operator.delete(&format!("{name}/")).await.unwrap();
        assert_eq!(tree(server.root()), [""; 0], "{name}");
    }
    for directory in [" leading", "trailing "] {
        if server.kind().refuses_directory(OsStr::new(directory)).is_none() {
            operator.write(&format!("a/{directory}/f"), "x").await.unwrap();
            assert_eq!(tree(&server.root().join("a")), [format!("{directory}/"), format!("{directory}/f")]);
            let listed = operator.list_with("a/").recursive(true).await.unwrap();
            assert_eq!(listed[0].path(), format!("a/{directory}/f"));
            assert_eq!(operator.read(listed[0].path()).await.unwrap().to_vec(), b"x");
            operator.delete_with("a/").recursive(true).await.unwrap();
        }
    }
}
