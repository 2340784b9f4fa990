//! A whole session on each profile of [`oxftp_testing::profiles`].

use std::{fs, path::Path, time::Duration};

use oxftp::{Client, ClientBuilder, Credentials, Pool};
use oxftp_testing::{memory::MemoryServer, profiles};

use crate::common::{
    local_files::{create_file, files},
    scripts::get,
};

/// Defines a test for each profile.
macro_rules! sessions {
    ($($name:ident,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                whole_session(stringify!($name)).await;
            }
        )*
    };
}

oxftp_testing::for_each_profile!(sessions);

/// The files of the tree, which every profile can store.
const FILES: [(&str, &str); 4] =
    [("NOTES", "notes"), ("SUB/A B", "blank"), ("SUB/DEEP/LIST", "list"), ("SUB/MENU", "menu")];

/// Uploads, lists and downloads a tree, mirrors it twice in both directions, replaces a file, and removes all.
async fn whole_session(name: &str) {
    let behaviour = (profiles::find(name).unwrap().behaviour)();
    let (home, has_rename) = (behaviour.home, !behaviour.refused.contains(&"RNFR"));
    let ends_sessions = behaviour.breaks_transfers.is_some();
    let server = MemoryServer::start(behaviour).await;
    let local = tempfile::tempdir().unwrap();
    FILES.iter().for_each(|(path, content)| create_file(&local.path().join("T"), path, content));
    let on_server = |path: &str| server.content(format!("{home}/{path}").trim_start_matches('/'));

    let builder = Client::builder().socket_timeout(Duration::from_secs(10)).reconnects(2);
    let pool = Pool::new(builder.clone(), server.address(), Credentials::anonymous()).size(3);
    if ends_sessions {
        pool.upload(local.path().join("T")).retries(2).await.unwrap();
    } else {
        single_session(builder, &server, local.path()).await;
    }
    for (path, content) in FILES {
        assert_eq!(on_server(&format!("T/{path}")).as_deref(), Some(content), "{:?}", server.paths());
    }
    let mirrored = local.path().join("mirrored");
    mirror_down_twice(&pool, &mirrored).await;
    mirror_up_twice(&pool, &mirrored).await;
    assert_eq!(on_server("U/NOTES").as_deref(), Some("other notes"));
    let renamed = pool.rename("U/NOTES", "U/OTHER").await;
    assert_eq!(renamed.is_ok(), has_rename, "{renamed:?}");
    remove_trees(&pool).await;
    let left: Vec<_> = server.paths().into_iter().filter(|path| path.trim_end_matches('/') != home).collect();
    assert!(left.iter().all(|path| home.starts_with(path.trim_end_matches('/'))), "{left:?}");
}

/// Uploads, lists and downloads the tree in one session, and ends it: some servers have room for one only.
async fn single_session(builder: ClientBuilder, server: &MemoryServer, local: &Path) {
    let mut client = builder.connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    client.upload(local.join("T")).retries(2).await.unwrap();
    let mut listed: Vec<_> =
        client.list("T").recursive().await.unwrap().iter().map(|found| found.name().to_string()).collect();
    listed.sort();
    assert_eq!(listed, ["A B", "DEEP", "LIST", "MENU", "NOTES", "SUB"]);
    client.download("T").to(local.join("back")).retries(2).await.unwrap();
    assert_same(&local.join("back/T"));
    assert_eq!(get(&mut client, "T/SUB/MENU").await.unwrap(), b"menu");
    if let Err(error) = client.quit().await {
        assert!(error.is_connection_lost(), "{error}");
    }
}

async fn mirror_down_twice(pool: &Pool, mirrored: &Path) {
    assert_eq!(pool.mirror_down("T", mirrored).retries(2).await.unwrap().files, FILES.len() as u64);
    assert_same(mirrored);
    assert_eq!(pool.mirror_down("T", mirrored).retries(2).await.unwrap().files, 0);
}

/// Replaces a file afterwards.
async fn mirror_up_twice(pool: &Pool, mirrored: &Path) {
    pool.mirror_up(mirrored, "U").retries(2).await.unwrap();
    assert_eq!(pool.mirror_up(mirrored, "U").retries(2).await.unwrap().files, 0);
    fs::write(mirrored.join("NOTES"), "other notes").unwrap();
    pool.mirror_up(mirrored, "U").retries(2).await.unwrap();
}

async fn remove_trees(pool: &Pool) {
    pool.remove_dir_all("T").await.unwrap();
    pool.remove_dir_all("U").await.unwrap();
}

fn assert_same(root: &Path) {
    assert_eq!(files(root), FILES.map(|(path, _)| path));
    for (path, content) in FILES {
        assert_eq!(fs::read_to_string(root.join(path)).unwrap(), content, "{path}");
    }
}
