//! Spans of operations, for subscribers of `tracing`.

use std::{
    cell::RefCell,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use oxftp::{Client, Credentials};
use oxftp_serve::{ServeOptions, Server};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::Interest,
};

const PASSWORD: &str = "correct-horse";

thread_local! {
    /// The recorder of the test that runs on this thread.
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Passes what happens on a thread to its recorder. It is the subscriber of the whole process: one that is set for a
/// thread may miss a span that another test reaches for the first time meanwhile.
struct ByThread;

impl ByThread {
    /// Returns what happens on this thread from now on.
    fn record() -> Recorder {
        // Another test may have set it.
        let _ = tracing::subscriber::set_global_default(Self);
        let recorder = Recorder::default();
        RECORDER.set(Some(recorder.clone()));
        recorder
    }

    fn with<T>(use_it: impl FnOnce(&Recorder) -> T) -> Option<T> {
        RECORDER.with_borrow(|recorder| recorder.as_ref().map(use_it))
    }
}

impl Subscriber for ByThread {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        Self::with(|_| Recorder::is_of_oxftp(metadata)).unwrap_or_default()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        Self::with(|recorder| recorder.new_span(span)).unwrap_or_else(|| Id::from_u64(u64::MAX))
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        Self::with(|recorder| recorder.record(span, values));
    }

    fn event(&self, event: &Event<'_>) {
        Self::with(|recorder| recorder.event(event));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Everything that was recorded: one line for each span, with its fields in the order in which they were set.
#[derive(Debug, Default, Clone)]
struct Recorder(Arc<Mutex<Vec<String>>>);

/// Appends each field.
struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl Recorder {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn is_of_oxftp(metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("oxftp")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = format!("{} {}:", span.metadata().target(), span.metadata().name());
        span.record(&mut Line(&mut line));
        let mut lines = self.0.lock().unwrap();
        lines.push(line);
        Id::from_u64(lines.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut lines = self.0.lock().unwrap();
        if let Some(line) = usize::try_from(span.into_u64()).ok().and_then(|id| lines.get_mut(id - 1)) {
            values.record(&mut Line(line));
        }
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = format!("{} event:", event.metadata().target());
        event.record(&mut Line(&mut line));
        self.0.lock().unwrap().push(line);
    }
}

#[tokio::test]
async fn span_has_host_path_bytes_no_password() {
    let (root, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(root.path().join("a.txt"), "12345").unwrap();
    let options = ServeOptions::new(root.path()).user("me", PASSWORD).writable(true);
    let server = Server::start(options).await.unwrap();
    let host = server.address().to_string();
    let recorder = ByThread::record();

    let mut client = Client::builder().connect(server.address()).await.unwrap();
    client.login(Credentials::new("me", PASSWORD)).await.unwrap();
    client.download("a.txt").to(here.path()).await.unwrap();
    client.write("b.txt", "123").await.unwrap();
    client.list("").await.unwrap();
    client.download("missing").to(here.path()).await.unwrap_err();
    RECORDER.set(None);

    let lines = recorder.lines();
    let span = |name: &str, path: &str| {
        let start = format!("oxftp::operation {name}: host={host}");
        let wanted = |line: &&String| line.starts_with(&start) && line.contains(path);
        lines.iter().find(wanted).unwrap_or_else(|| panic!("{name}: {lines:#?}")).clone()
    };
    span("connect", "");
    span("login", "user=me");
    let download = span("download", "path=a.txt");
    assert!(download.contains("bytes=5") && download.contains("files=1"), "{download}");
    assert!(span("write", "path=b.txt").contains("bytes=3"));
    assert!(span("list", "path=").contains("entries=2"));
    assert!(span("download", "path=missing").contains("error="));
    assert!(lines.iter().any(|line| line.starts_with("oxftp::protocol") && line.contains("PASS ***")));
    assert!(!lines.iter().any(|line| line.contains(PASSWORD)), "{lines:#?}");
}
