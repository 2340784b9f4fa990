//! What observers are told of files: each under its own name, however it is moved.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use common::{builder, content, pool_by};
use oxftp::{Pool, Progress, ProgressEvent};
use oxftp_testing::servers::{Protection, ServerKind};

/// Small ones are moved in one step, this one in blocks.
const LARGE: usize = 3_000_000;
/// Enough for several segments.
const HUGE: usize = 9 << 20;

#[tokio::test]
async fn each_file_of_a_tree_advances_by_its_size_under_its_name() {
    let server = ServerKind::Embedded.start(Protection::Plain).await.unwrap();
    let (source, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, size) in [("small", 10), ("large", LARGE)] {
        fs::write(source.path().join(name), content(size)).unwrap();
    }
    let pool = pool_by(builder(&server), &server);

    let up = told_of(|told| pool.upload(source.path()).to("t").write_into(true).progress(told)).await;
    let down = told_of(|told| pool.download("t").to(back.path()).write_into(true).progress(told)).await;

    let local = |name: &str| source.path().join(name).display().to_string();
    assert_eq!(up, BTreeMap::from([(local("large"), LARGE as u64), (local("small"), 10)]));
    assert_eq!(down, BTreeMap::from([("t/large".to_owned(), LARGE as u64), ("t/small".to_owned(), 10)]));
}

#[tokio::test]
async fn the_segments_of_a_file_add_up_under_its_name() {
    let server = ServerKind::Embedded.start(Protection::Plain).await.unwrap();
    fs::write(server.root().join("huge"), content(HUGE)).unwrap();
    let local = tempfile::tempdir().unwrap();
    let pool: Pool = pool_by(builder(&server), &server);
    let target: &Path = local.path();

    let told = told_of(|told| pool.download("huge").to(target).segments(2).progress(told)).await;

    assert_eq!(told, BTreeMap::from([("huge".to_owned(), HUGE as u64)]));
}

async fn told_of<T>(work: impl FnOnce(Arc<Told>) -> T) -> BTreeMap<String, u64>
where
    T: IntoFuture<Output = oxftp::Result<oxftp::Report>>,
{
    let told = Arc::new(Told::default());
    work(told.clone()).await.unwrap();
    std::mem::take(&mut *told.0.lock().unwrap())
}

/// Adds up the bytes of each file.
#[derive(Debug, Default)]
struct Told(Mutex<BTreeMap<String, u64>>);

impl Told {
    fn add(&self, name: &str, bytes: u64) {
        *self.0.lock().unwrap().entry(name.to_owned()).or_default() += bytes;
    }
}

impl Progress for Told {
    fn on_event(&self, event: ProgressEvent<'_>) {
        if let ProgressEvent::Advanced { name, bytes } = event {
            self.add(name.unwrap_or("of no name"), bytes);
        }
    }
}
