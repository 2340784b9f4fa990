//! Reports list the files that were transferred, with the place where each is now.

use oxftp::{Location, Report};

use crate::{
    common,
    fixture::{Fixture, create_foo_tree},
};

/// Returns the targets in order, relative to `root` if they are local.
fn targets(report: &Report, root: &std::path::Path) -> Vec<String> {
    let shown = |place: &Location| match place.local().and_then(|path| path.strip_prefix(root).ok()) {
        Some(path) => path.display().to_string(),
        None => place.to_string(),
    };
    let mut targets: Vec<_> = report.transferred.iter().map(|file| shown(&file.target)).collect();
    targets.sort();
    targets
}

#[tokio::test]
async fn report_lists_files_with_their_targets() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.local.path());

    let up = fixture.upload("foo", "there", true).await;
    assert_eq!(targets(&up, fixture.local.path()), ["there/a", "there/sub/b"]);
    assert!(up.transferred.iter().all(|file| file.source.local().is_some() && file.bytes > 0));

    let down = fixture.download("there", "back", false).await;
    assert_eq!(targets(&down, fixture.local.path()), ["back/there/a", "back/there/sub/b"]);
    let total: u64 = down.transferred.iter().map(|file| file.bytes).sum();
    assert_eq!(total, down.bytes);
}

#[tokio::test]
async fn report_of_one_file_has_its_target() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.local.path());
    let (source, target) = (fixture.local_path("foo/a"), fixture.local_path("new/name"));

    fixture.client.upload(source).to_file("dir/x").await.unwrap();
    let down = fixture.client.download("dir/x").to_file(&target).await.unwrap();
    let kept = fixture.local_path("kept");
    let into = fixture.client.download("dir/x").into_dir(&kept).await.unwrap();

    assert_eq!(down.transferred[0].source, Location::Remote("dir/x".into()));
    assert_eq!(down.transferred[0].target, Location::Local(target));
    assert_eq!(into.transferred[0].target, Location::Local(kept.join("x")));
}

#[tokio::test]
async fn client_mirrors_over_its_own_session() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.local.path());
    let (source, copy) = (fixture.local_path("foo"), fixture.local_path("copy"));

    let up = fixture.client.mirror_up(&source, "www").await.unwrap();
    let again = fixture.client.mirror_up(&source, "www").await.unwrap();
    let down = fixture.client.mirror_down("www", &copy).await.unwrap();
    std::fs::write(copy.join("extra"), "x").unwrap();
    let delete = oxftp::mirror::Delete::After;
    let deleted = fixture.client.mirror_down("www", &copy).delete(delete).await.unwrap();

    assert_eq!(targets(&up, fixture.local.path()), ["www/a", "www/sub/b"]);
    assert_eq!((again.files, again.unchanged, again.transferred.len()), (0, 2, 0));
    assert_eq!(targets(&down, fixture.local.path()), ["copy/a", "copy/sub/b"]);
    assert_eq!((deleted.deleted, deleted.unchanged), (1, 2));
    // The session is the caller's own, and still of use.
    assert!(fixture.client.is_file("www/a").await.unwrap());
}

#[tokio::test]
async fn pool_answers_questions_and_removes() {
    let fixture = Fixture::new().await;
    let pool = common::pool_with(common::builder(&fixture.server), &fixture.server).size(2);
    pool.create_dir("new").await.unwrap();
    pool.upload_from_reader(&mut &b"text"[..], "new/a").await.unwrap();
    let mut copy = Vec::new();

    assert_eq!(pool.download_to_writer("new/a", &mut copy).await.unwrap(), 4);
    assert_eq!((copy.as_slice(), pool.size_of("new/a").await.unwrap()), (&b"text"[..], 4));
    assert!(pool.is_file("new/a").await.unwrap() && pool.is_dir("new").await.unwrap());
    assert!(!pool.is_file("new").await.unwrap() && pool.is_dir("old").await.unwrap_err().is_not_found());
    pool.modified("new/a").await.unwrap();
    pool.create_dir("new").await.unwrap_err();
    pool.remove_file("new/a").await.unwrap();
    pool.remove_dir("new").await.unwrap();
    assert_eq!(pool.limit(), 2);
}
