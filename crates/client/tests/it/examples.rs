//! The examples of the crate, run against the embedded server.

#[path = "../../examples/blocking.rs"]
mod blocking;
#[path = "../../examples/cancellation.rs"]
mod cancellation;
#[path = "../../examples/connector.rs"]
mod connector;
#[path = "../../examples/csv_stream.rs"]
mod csv_stream;
#[path = "../../examples/download.rs"]
mod download;
#[path = "../../examples/errors.rs"]
mod errors;
#[path = "../../examples/list.rs"]
mod list;
#[path = "../../examples/memory.rs"]
mod memory;
#[path = "../../examples/mirror.rs"]
mod mirror;
#[path = "../../examples/ranges.rs"]
mod ranges;
#[path = "../../examples/raw_commands.rs"]
mod raw_commands;
#[path = "../../examples/upload.rs"]
mod upload;
#[path = "../../examples/web_handler.rs"]
mod web_handler;
#[path = "../../examples/workers.rs"]
mod workers;

#[path = "../../examples/support/mod.rs"]
mod support;

#[tokio::test]
async fn example_blocking_runs() {
    let target = support::embedded().await.unwrap();
    let url = target.url.clone();
    tokio::task::spawn_blocking(move || blocking::run(&url)).await.unwrap().unwrap();
}

#[tokio::test]
async fn example_cancellation_runs() {
    let target = support::embedded().await.unwrap();
    cancellation::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_connector_runs() {
    let target = support::embedded().await.unwrap();
    connector::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_csv_stream_runs() {
    let target = support::embedded().await.unwrap();
    csv_stream::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_download_runs() {
    let target = support::embedded().await.unwrap();
    download::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_errors_runs() {
    let target = support::embedded().await.unwrap();
    errors::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_list_runs() {
    let target = support::embedded().await.unwrap();
    list::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_memory_runs() {
    let target = support::embedded().await.unwrap();
    memory::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_mirror_runs() {
    let target = support::embedded().await.unwrap();
    mirror::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_ranges_runs() {
    let target = support::embedded().await.unwrap();
    ranges::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_raw_commands_runs() {
    let target = support::embedded().await.unwrap();
    raw_commands::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_upload_runs() {
    let target = support::embedded().await.unwrap();
    upload::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_web_handler_runs() {
    let target = support::embedded().await.unwrap();
    web_handler::run(&target.url).await.unwrap();
}

#[tokio::test]
async fn example_workers_runs() {
    let target = support::embedded().await.unwrap();
    workers::run(&target.url).await.unwrap();
}
