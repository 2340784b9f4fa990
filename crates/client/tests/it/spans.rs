//! Spans of operations, for subscribers of `tracing`.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

use oxftp::{Client, Credentials};
use oxftp_serve::{ServeOptions, Server};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

const PASSWORD: &str = "correct-horse";

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
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
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
        let at = usize::try_from(span.into_u64()).unwrap() - 1;
        values.record(&mut Line(&mut lines[at]));
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = format!("{} event:", event.metadata().target());
        event.record(&mut Line(&mut line));
        self.0.lock().unwrap().push(line);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn span_has_host_path_bytes_no_password() {
    let (root, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(root.path().join("a.txt"), "12345").unwrap();
    let options = ServeOptions::new(root.path()).user("me", PASSWORD).writable(true);
    let server = Server::start(options).await.unwrap();
    let host = server.address().to_string();
    let recorder = Recorder::default();
    let guard = tracing::subscriber::set_default(recorder.clone());

    let mut client = Client::builder().connect(server.address()).await.unwrap();
    client.login(Credentials::new("me", PASSWORD)).await.unwrap();
    client.download("a.txt").to(here.path()).await.unwrap();
    client.write("b.txt", "123").await.unwrap();
    client.list("").await.unwrap();
    client.download("missing").to(here.path()).await.unwrap_err();
    drop(guard);

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
