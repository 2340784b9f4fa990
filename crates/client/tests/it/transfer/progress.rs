//! Progress events: each file is reported under its own name.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use oxftp::{Pool, Progress, ProgressEvent};
use oxftp_testing::servers::{Protection, ServerKind};

use crate::common::{builder, content, pool_with};

/// Large enough to be transferred in blocks; small files are transferred in one step.
const LARGE: usize = 3_000_000;
/// Large enough for several segments.
const SEGMENTED: usize = 9 << 20;

#[tokio::test]
async fn tree_progress_sums_to_each_file_size() {
    let server = ServerKind::Embedded.start(Protection::Plain).await.unwrap();
    let (source, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, size) in [("small", 10), ("large", LARGE)] {
        fs::write(source.path().join(name), content(size)).unwrap();
    }
    let pool = pool_with(builder(&server), &server);

    let up =
        record_progress(|recorded| pool.upload(source.path()).to("t").write_into(true).progress(recorded))
            .await;
    let down =
        record_progress(|recorded| pool.download("t").to(back.path()).write_into(true).progress(recorded))
            .await;

    let local = |name: &str| source.path().join(name).display().to_string();
    assert_eq!(up, BTreeMap::from([(local("large"), LARGE as u64), (local("small"), 10)]));
    assert_eq!(down, BTreeMap::from([("t/large".to_owned(), LARGE as u64), ("t/small".to_owned(), 10)]));
}

#[tokio::test]
async fn segment_progress_sums_under_file_name() {
    let server = ServerKind::Embedded.start(Protection::Plain).await.unwrap();
    fs::write(server.root().join("huge"), content(SEGMENTED)).unwrap();
    let local = tempfile::tempdir().unwrap();
    let pool: Pool = pool_with(builder(&server), &server);
    let target: &Path = local.path();

    let recorded =
        record_progress(|recorded| pool.download("huge").to(target).segments(2).progress(recorded)).await;

    assert_eq!(recorded, BTreeMap::from([("huge".to_owned(), SEGMENTED as u64)]));
}

async fn record_progress<T>(work: impl FnOnce(Arc<Recorded>) -> T) -> BTreeMap<String, u64>
where
    T: IntoFuture<Output = oxftp::Result<oxftp::Report>>,
{
    let recorded = Arc::new(Recorded::default());
    work(recorded.clone()).await.unwrap();
    std::mem::take(&mut *recorded.0.lock().unwrap())
}

/// Adds up the bytes of each file.
#[derive(Debug, Default)]
struct Recorded(Mutex<BTreeMap<String, u64>>);

impl Recorded {
    fn add(&self, name: &str, bytes: u64) {
        *self.0.lock().unwrap().entry(name.to_owned()).or_default() += bytes;
    }
}

impl Progress for Recorded {
    fn on_event(&self, event: ProgressEvent<'_>) {
        if let ProgressEvent::Advanced { name, bytes } = event {
            self.add(name.unwrap_or("of no name"), bytes);
        }
    }
}
