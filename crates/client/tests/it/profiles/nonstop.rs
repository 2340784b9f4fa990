//! HP NonStop (Guardian): `\SYSTEM.$VOLUME.SUBVOLUME.FILE`.

use oxftp_testing::memory::{PathArgument, ServerBehaviour};

use super::{bare, start};
use crate::common::{
    local_files::{create_file, files},
    scripts::get,
};

/// Reads `\NODE.$DATA1.ANN`, `$DATA1.ANN.NOTES` and bare names.
fn read(PathArgument { directory, argument, .. }: PathArgument<'_>) -> Option<String> {
    let whole = argument.strip_prefix("\\NODE.").unwrap_or(argument);
    match whole.starts_with('$') {
        true if whole.contains('/') || !whole.contains('.') => None,
        true => Some(whole.replace('.', "/")),
        false => bare(directory, argument, &['/', '.', '\\', '$']),
    }
}

fn nonstop() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "node FTP SERVER T9552H02 (Version H02 TANDEM 11JAN2008) ready.",
        system: "NONSTOP_KERNEL",
        home: "$DATA1/ANN",
        reads_path: Some(read),
        shows_directory: |directory| {
            format!("\"\\NODE.{}\" is current directory.", directory.replace('/', "."))
        },
        ..ServerBehaviour::list_only()
    }
    .listing(|name, item| format!("{name:<8}    101 {:>12} 02-Jan-20 10:00:00 255,255 \"NUNU\"", item.size()))
}

#[tokio::test]
async fn whole_session_works_on_nonstop() {
    let (server, mut client) = start(nonstop()).await;
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "up/NOTES", "notes");
    server.add_file("$DATA1/BOB/MENU", "menu", 0);

    client.upload(local.path().join("up/NOTES")).to("").await.unwrap();
    client.upload(local.path().join("up/NOTES")).to("$DATA1.BOB").await.unwrap();
    client.download("$DATA1.BOB").to(local.path().join("down")).await.unwrap();
    client.download("\\NODE.$DATA1.ANN.NOTES").to(local.path().join("down")).await.unwrap();
    client.rename("$DATA1.BOB/MENU", "$DATA1.BOB/OTHER").await.unwrap();
    client.remove_file("$DATA1.BOB.NOTES").await.unwrap();

    assert_eq!(
        server.paths(),
        ["$DATA1/", "$DATA1/ANN/", "$DATA1/ANN/NOTES", "$DATA1/BOB/", "$DATA1/BOB/OTHER"]
    );
    assert_eq!(files(&local.path().join("down")), ["BOB/MENU", "BOB/NOTES", "NOTES"]);
    for path in ["NOTES", "$DATA1.ANN/NOTES", "\\NODE.$DATA1.ANN.NOTES"] {
        assert_eq!(get(&mut client, path).await.unwrap(), b"notes", "{path}");
    }
    let commands = server.commands();
    assert!(commands.iter().all(|line| !line.contains('/')), "{commands:?}");
}
