//! Profiles of odd servers: a whole session on each (upload, listing, download, two mirrors, removal).
//!
//! The servers were written from manuals and public descriptions; `docs/dev/server-quirks.md` lists the known facts
//! of each.

mod bare_names;
mod ibm_i;
mod mpe;
mod nonstop;
mod openvms;
mod session_on_every_profile;
mod windows;
mod working_dir;
mod z_os;

use std::path::Path;

use oxftp::{Client, Credentials, Pool};
use oxftp_testing::memory::{MemoryServer, ServerBehaviour};

use crate::common::{
    local_files::{create_file, files},
    scripts,
};

/// The server of a test, and a client that is logged in.
async fn start(behaviour: ServerBehaviour) -> (MemoryServer, Client) {
    let server = MemoryServer::start(behaviour).await;
    let mut client = scripts::builder().connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    (server, client)
}

/// Creates the tree `T`, whose names every server can store.
fn create_tree(root: &Path) {
    create_file(root, "T/NOTES", "notes");
    create_file(root, "T/SUB/MENU", "menu");
    create_file(root, "T/SUB/DEEP/LIST", "list");
}

/// Uploads a tree into `directory`, lists, downloads and mirrors it, and removes it again. `home` is the path of that
/// directory on the server.
async fn whole_session(behaviour: ServerBehaviour, directory: &str, home: &str) -> Vec<String> {
    let (server, mut client) = start(behaviour).await;
    let local = tempfile::tempdir().unwrap();
    create_tree(local.path());
    let on_server = |path: &str| format!("{home}{path}");

    client.upload(local.path().join("T")).to(directory).await.unwrap();
    let stored = ["T/NOTES", "T/SUB/MENU", "T/SUB/DEEP/LIST"].map(|path| server.content(&on_server(path)));
    assert_eq!(
        stored,
        ["notes", "menu", "list"].map(|content| Some(content.to_owned())),
        "{:?}",
        server.paths()
    );

    let tree = below(directory, "T");
    let mut names: Vec<_> =
        client.list(&*tree).recursive().await.unwrap().iter().map(|found| found.name().to_string()).collect();
    names.sort();
    assert_eq!(names, ["DEEP", "LIST", "MENU", "NOTES", "SUB"]);

    client.download(&*tree).to(local.path().join("back")).await.unwrap();
    let whole = ["T/NOTES", "T/SUB/DEEP/LIST", "T/SUB/MENU"];
    assert_eq!(files(&local.path().join("back")), whole);
    assert_eq!(std::fs::read(local.path().join("back/T/SUB/DEEP/LIST")).unwrap(), b"list");

    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(2);
    let mirrored = local.path().join("mirrored");
    let first = pool.mirror_down(&*tree, &mirrored).await.unwrap();
    assert_eq!(first.files, 3);
    pool.mirror_down(&*tree, &mirrored).await.unwrap();
    assert_eq!(files(&mirrored), ["NOTES", "SUB/DEEP/LIST", "SUB/MENU"]);
    pool.mirror_up(&mirrored, &*below(directory, "U")).await.unwrap();
    assert_eq!(server.content(&on_server("U/SUB/DEEP/LIST")).as_deref(), Some("list"));

    client.rename(below(&tree, "NOTES"), below(&tree, "OTHER")).await.unwrap();
    assert_eq!(server.content(&on_server("T/OTHER")).as_deref(), Some("notes"));
    client.remove_dir_all(&*tree).await.unwrap();
    client.remove_dir_all(below(directory, "U")).await.unwrap();
    let left: Vec<_> = server.paths().into_iter().filter(|path| path.starts_with(home)).collect();
    assert!(left.iter().all(|path| path == home || !path.starts_with(&on_server("T"))), "{left:?}");
    server.commands()
}

fn below(directory: &str, name: &str) -> String {
    if directory.is_empty() || directory.ends_with('/') {
        format!("{directory}{name}")
    } else {
        format!("{directory}/{name}")
    }
}

/// Joins a name that contains none of these characters to a directory of the server.
fn bare(directory: &str, name: &str, separators: &[char]) -> Option<String> {
    let is_bare = !name.contains(separators) && !matches!(name, "" | "." | "..");
    is_bare.then(|| if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") })
}
