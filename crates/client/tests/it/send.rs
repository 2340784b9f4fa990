//! Public types and futures can be sent between threads, and what owns its session is `'static`.

use oxftp::{
    Client, ClientBuilder, DataStream, DownloadStream, Entries, Entry, EntryStream, Error, FtpUrl, Host,
    PathEntry, Pool, PooledClient, RangeStream, RemotePath, Report, Throttle, TlsConfig, UploadStream,
};

fn send_sync<T: Send + Sync + 'static>() {}
fn send<T: Send + Unpin>() {}
fn owned<T: Send + Unpin + 'static>() {}
fn sendable(_: impl Send) {}

#[test]
fn public_types_are_send_and_sync() {
    send_sync::<Client>();
    send_sync::<ClientBuilder>();
    send_sync::<Pool>();
    send_sync::<PooledClient>();
    send_sync::<Error>();
    send_sync::<Report>();
    send_sync::<Entry>();
    send_sync::<PathEntry>();
    send_sync::<RemotePath>();
    send_sync::<FtpUrl>();
    send_sync::<Host>();
    send_sync::<Throttle>();
    send_sync::<TlsConfig>();
    send_sync::<oxftp::mirror::Filter>();
    send_sync::<oxftp::blocking::Pool>();
    send::<Entries<'_>>();
    send::<DownloadStream<&mut Client>>();
    send::<UploadStream<&mut Client>>();
    send::<DataStream<&mut Client>>();
    send::<RangeStream<&mut Client>>();
    owned::<EntryStream>();
    owned::<DownloadStream<Client>>();
    owned::<DownloadStream<PooledClient>>();
    owned::<UploadStream<PooledClient>>();
    owned::<RangeStream<PooledClient>>();
    owned::<oxftp::blocking::Client>();
    owned::<oxftp::blocking::DownloadStream<PooledClient>>();
}

#[allow(dead_code, reason = "only compiled")]
fn futures_are_send(client: &mut Client, pool: &'static Pool) {
    sendable(client.read("x"));
    sendable(client.write("x", b""));
    sendable(client.metadata("x"));
    sendable(client.remove_dir_all("x"));
    sendable(client.list("x").into_future());
    sendable(client.download("x").into_future());
    sendable(client.upload("x").into_future());
    sendable(client.command("NOOP").into_future());
    sendable(client.download_stream("x").into_future());
    sendable(client.download_range("x", 0..1));
    sendable(Client::builder().connect("h"));
    owned_future(pool.client());
    owned_future(pool.read("x"));
    owned_future(pool.read_ranges("x", &[]));
    owned_future(pool.open_read("x"));
    owned_future(pool.mirror_down("x", "y").into_future());
}

fn owned_future(_: impl Send + 'static) {}
