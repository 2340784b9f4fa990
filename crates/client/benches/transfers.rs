//! Benchmark of the transfer loop: `cargo bench -p oxftp --bench transfers`.
//!
//! Downloads a file of 32 MiB from vsftpd, or from the embedded server if vsftpd is not installed:
//!
//! - `kernel`: plain, with `splice` (Linux);
//! - `memory`: plain, with a rate limit that is never reached, so the bytes are copied through memory;
//! - `tls`: encrypted;
//! - `stream`: plain, read by the caller block by block.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue fails")]

use std::{fs, path::Path};

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use oxftp::{Client, Credentials, Throttle, TlsConfig};
use oxftp_testing::servers::{Protection, ServerKind, TestServer};
use tokio::{
    io::AsyncReadExt,
    runtime::{Builder, Runtime},
};

criterion_group!(benches, transfers);
criterion_main!(benches);

fn transfers(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let local = tempfile::tempdir().unwrap();
    let target = local.path().join("file");
    let mut group = criterion.benchmark_group("transfers");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Bytes(SIZE as u64));

    for (name, protection, throttle) in [
        ("kernel", Protection::Plain, Throttle::unlimited()),
        ("memory", Protection::Plain, unreached()),
        ("tls", Protection::Explicit, Throttle::unlimited()),
    ] {
        let (_server, mut client) = runtime.block_on(login(protection, throttle));
        group.bench_function(name, |bencher| bencher.iter(|| download(&runtime, &mut client, &target)));
    }
    let (_server, mut client) = runtime.block_on(login(Protection::Plain, Throttle::unlimited()));
    group.bench_function("stream", |bencher| bencher.iter(|| runtime.block_on(read(&mut client))));
}

fn unreached() -> Throttle {
    let throttle = Throttle::unlimited();
    throttle.set_read_limit(Some(1 << 40));
    throttle
}

async fn login(protection: Protection, throttle: Throttle) -> (TestServer, Client) {
    // The embedded server runs in this process, and is slower than the client.
    let server = match ServerKind::Vsftpd.start(protection).await {
        Ok(server) => server,
        Err(_) => ServerKind::Embedded.start(protection).await.unwrap(),
    };
    fs::write(server.root().join("file"), vec![b'x'; SIZE]).unwrap();
    let builder = Client::builder().throttle(throttle);
    let builder = match server.ca_pem() {
        Some(pem) => builder.explicit_tls(TlsConfig::new().root_certificates_pem(pem).unwrap()),
        None => builder,
    };
    let mut client = builder.connect((server.host(), server.port())).await.unwrap();
    client.login(Credentials::new(server.user(), server.password())).await.unwrap();
    (server, client)
}

fn download(runtime: &Runtime, client: &mut Client, target: &Path) {
    runtime.block_on(async { client.download("file").to(target).write_into(true).await }).unwrap();
}

async fn read(client: &mut Client) {
    let mut stream = client.download_stream("file").await.unwrap();
    let mut block = vec![0; 128 * 1024];
    while stream.read(&mut block).await.unwrap() > 0 {}
    stream.finish().await.unwrap();
}

const SIZE: usize = 32 * 1024 * 1024;
