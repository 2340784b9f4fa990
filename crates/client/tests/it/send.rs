//! Public types and futures can be sent between threads, and what owns its session is `'static`.

use std::{future::Future, io::ErrorKind, time::Duration};

use oxftp::{
    AsciiReader, AsciiWriter, Client, DataCommand, DataStream, Download, DownloadStream, Entries, List, Pool,
    PooledClient, RangeStream, RawCommand, UniqueStream, Upload, UploadStream, blocking, connect, local_fs,
    mirror, mirror::Mirror,
};

/// Fails to compile unless each type is `Send + Sync + Unpin + 'static`.
macro_rules! shared {
    ($($kind:ty),* $(,)?) => { $(send_sync::<$kind>();)* };
}

/// Fails to compile unless each type is `Send + Unpin + 'static`.
macro_rules! owned {
    ($($kind:ty),* $(,)?) => { $(owned::<$kind>();)* };
}

/// Fails to compile unless each type is `Send + Unpin`.
macro_rules! borrowing {
    ($($kind:ty),* $(,)?) => { $(send::<$kind>();)* };
}

fn send_sync<T: Send + Sync + Unpin + 'static>() {}
fn send<T: Send + Unpin>() {}
fn owned<T: Send + Unpin + 'static>() {}
fn sendable(_: impl Send) {}
fn owned_future(_: impl Future + Send + 'static) {}

#[test]
fn public_types_are_send_and_sync() {
    shared! {
        Client, oxftp::ClientBuilder, Pool, PooledClient, oxftp::TlsConfig, oxftp::TlsSession, oxftp::TlsVersion,
        oxftp::TlsCounts, oxftp::Timeouts, oxftp::Throttle, oxftp::Pipelining, oxftp::ListCommand,
        oxftp::ParserOrder, oxftp::Utf8, oxftp::ActiveMode, oxftp::PassiveMode, oxftp::DotNames,
        connect::TcpConnector, connect::Proxy, connect::Family,
    }
    shared! {
        oxftp::Error, oxftp::ErrorKind, oxftp::TlsFailure, oxftp::Report, oxftp::Failure, oxftp::Location,
        oxftp::TransferredFile, oxftp::TransferSummary, oxftp::LockHolder, oxftp::LocalLock, oxftp::RemoteLock,
        oxftp::UrlError, oxftp::NameError, oxftp::InvalidCommand, oxftp::InvalidMask, oxftp::StatusCodeError,
        oxftp::Netrc, oxftp::NetrcError, oxftp::NetrcLogin,
    }
    shared! {
        oxftp::Entry, oxftp::EntryKind, oxftp::PathEntry, oxftp::RemotePath, oxftp::FileName, oxftp::FtpUrl,
        oxftp::Host, oxftp::Scheme, oxftp::Credentials, oxftp::Secret, oxftp::Code, oxftp::Command,
        oxftp::Reply, oxftp::ReplyDecoder, oxftp::Encoding, oxftp::Features, oxftp::FileHash,
        oxftp::HashAlgorithm, oxftp::Limits, oxftp::Timestamp, oxftp::Zone, oxftp::ServerZone,
        oxftp::TransferType, oxftp::Aborted,
    }
    shared! {
        oxftp::Backup, oxftp::Connections, oxftp::Existing, oxftp::Links, oxftp::Order, oxftp::Verify,
        oxftp::Counter, oxftp::Selection, oxftp::LineEnd, mirror::Filter, mirror::FilterError, mirror::Step,
        mirror::Action, mirror::Reason, mirror::Compare, mirror::Delete, local_fs::LocalFs, local_fs::MemoryFs,
        local_fs::TimeoutFs<local_fs::MemoryFs>, local_fs::Metadata, local_fs::DirEntry, blocking::Pool,
    }
    shared! {
        local_fs::AtomicWrite, local_fs::CommitOptions, local_fs::CreateDirOptions, local_fs::FileKind,
        local_fs::LocalFsError, local_fs::OpenMode, local_fs::ReadFile, local_fs::conformance::ConformanceError,
        connect::ListenAt, connect::Target<'static>, oxftp::Backoff, oxftp::Candidate<'static>,
        oxftp::ProgressEvent<'static>,
    }
}

#[test]
fn streams_and_jobs_are_send() {
    borrowing! {
        Entries<'_>, List<'_>, Download<'_>, Upload<'_>, Mirror<'_>, RawCommand<'_>, UniqueStream<'_>,
        DataCommand<'_, DownloadStream<&mut Client>>, DownloadStream<&mut Client>, UploadStream<&mut Client>,
        DataStream<&mut Client>, RangeStream<&mut Client>, blocking::Entries<'_>, blocking::FileReader<'_>,
        oxftp::ServerCopy<'_>,
    }
    owned! {
        oxftp::OpenSession, oxftp::EntryStream, oxftp::PoolStream, DownloadStream<Client>, DownloadStream<PooledClient>,
        UploadStream<Client>, UploadStream<PooledClient>, DataStream<PooledClient>, RangeStream<PooledClient>,
        AsciiReader<DownloadStream<PooledClient>>, AsciiWriter<UploadStream<PooledClient>>, blocking::Client,
        blocking::DownloadStream<PooledClient>, blocking::UploadStream<PooledClient>,
    }
}

#[allow(dead_code, reason = "only compiled")]
fn futures_are_send(client: &mut Client, owned: Client, pool: &'static Pool) {
    sendable(Client::builder().connect("h"));
    sendable(client.login(oxftp::Credentials::anonymous()));
    sendable(client.detach());
    sendable(client.read("x"));
    sendable(client.write("x", b""));
    sendable(client.metadata("x"));
    sendable(client.size("x"));
    sendable(client.hash("x", None));
    sendable(client.rename("x", "y"));
    sendable(client.create_dir_all("x"));
    sendable(client.remove_dir_all("x"));
    sendable(client.list("x").into_future());
    sendable(client.download("x").into_future());
    sendable(client.upload("x").into_future());
    sendable(client.mirror_down("x", "y").into_future());
    sendable(client.mirror_up("x", "y").into_future());
    sendable(client.command("NOOP").into_future());
    sendable(client.download_stream("x").into_future());
    sendable(client.download_range("x", 0..1));
    sendable(client.download_to_writer("x", &mut Vec::new()));
    sendable(client.upload_from_reader(&mut &b""[..], "x"));
    sendable(oxftp::LocalLock::acquire("x", Duration::ZERO));
    sendable(oxftp::RemoteLock::acquire(pool, "x", Duration::ZERO, Duration::ZERO));
    owned_future(owned.into_download_stream("x", 0));
    owned_future(pool.client());
    owned_future(pool.read("x"));
    owned_future(pool.write("x", "y"));
    owned_future(pool.list("x"));
    owned_future(pool.size_of("x"));
    owned_future(pool.modified("x"));
    owned_future(pool.hash("x", None));
    owned_future(pool.read_range("x", 0..1));
    owned_future(pool.read_ranges("x", &[]));
    owned_future(pool.open_read("x"));
    owned_future(pool.open_write("x"));
    owned_future(pool.open_range("x", 0..1));
    owned_future(pool.remove_dir_all("x"));
    owned_future(pool.download("x").into_future());
    owned_future(pool.upload("x").into_future());
    owned_future(pool.mirror_down("x", "y").into_future());
}

#[allow(dead_code, reason = "only compiled")]
fn futures_of_a_client_are_send(client: &mut Client, other: &mut Client) {
    sendable(client.change_dir("x"));
    sendable(client.change_to_parent_dir());
    sendable(client.current_dir());
    sendable(client.create_dir("x"));
    sendable(client.create_dir_if_missing("x"));
    sendable(client.remove_dir("x"));
    sendable(client.remove_file("x"));
    sendable(client.resolve_dir("x"));
    sendable(client.resolve_link("x"));
    sendable(client.file_metadata("x"));
    sendable(client.is_dir("x"));
    sendable(client.is_file("x"));
    sendable(client.try_exists("x"));
    sendable(client.set_modified("x", oxftp::Timestamp::UNIX_EPOCH));
    sendable(client.set_permissions("x", 0));
    sendable(client.list_permissions());
    sendable(client.has_same_hash("x", "y"));
    sendable(client.hash_algorithms());
    sendable(client.hash_content("x", oxftp::HashAlgorithm::Sha256));
    sendable(client.replace("x", "y"));
    sendable(client.download_range_to("x", 0..1, "y"));
    sendable(client.upload_unique_stream());
    sendable(client.measure_server_zone(""));
    sendable(client.passive_address());
    sendable(client.passive_connection(oxftp::TransferType::Image, &[]));
    sendable(client.allocate(1));
    sendable(client.check_restart());
    sendable(client.clear_command_channel());
    sendable(client.features());
    sendable(client.system());
    sendable(client.noop());
    sendable(client.abort());
    sendable(client.pipeline(["NOOP"]));
    sendable(client.read_reply());
    sendable(client.settle());
    sendable(client.command("NOOP").send());
    sendable(client.reconnect());
    sendable(oxftp::fxp(client, "x", other, "y"));
}

#[allow(dead_code, reason = "only compiled")]
fn futures_that_consume_are_send(clients: [Client; 3], url: oxftp::FtpUrl) {
    let [one, two, three] = clients;
    owned_future(one.quit());
    owned_future(two.quit_without_reply());
    owned_future(three.into_upload_stream("x"));
    sendable(Client::session::<(), oxftp::Error>(url, async |_| Ok(())));
    let credentials = oxftp::Credentials::anonymous();
    sendable(Client::builder().session::<(), oxftp::Error>("h", credentials, async |_| Ok(())));
}

#[allow(dead_code, reason = "only compiled")]
fn futures_of_streams_are_send(
    data: [DataStream<PooledClient>; 5],
    downloads: [DownloadStream<PooledClient>; 6],
    ranges: [RangeStream<PooledClient>; 2],
    unique: [UniqueStream<'static>; 3],
    ascii: AsciiWriter<UploadStream<PooledClient>>,
    entries: &mut Entries<'_>,
    chunks: &mut oxftp::PoolStream,
) {
    let [a, b, c, d, e] = data;
    owned_future(a.abort());
    owned_future(b.abort_without_waiting());
    owned_future(c.fail(ErrorKind::Other.into()));
    owned_future(d.finish());
    owned_future(e.finish_and_return());
    let [a, b, c, d, e, f] = downloads;
    owned_future(a.abort());
    owned_future(b.abort_without_waiting());
    owned_future(c.fail(ErrorKind::Other.into()));
    owned_future(d.finish());
    owned_future(e.finish_and_return());
    sendable(f.finish_expecting(&["226"], &[]));
    let [a, b] = ranges;
    owned_future(a.finish());
    owned_future(b.fail(ErrorKind::Other.into()));
    let [a, b, c] = unique;
    owned_future(a.abort());
    owned_future(b.fail(ErrorKind::Other.into()));
    owned_future(c.finish());
    owned_future(ascii.into_inner());
    sendable(entries.next());
    sendable(chunks.next());
}

#[allow(dead_code, reason = "only compiled")]
fn other_futures_are_send(
    pool: &'static Pool,
    tls: &'static oxftp::TlsSession,
    sockets: [connect::BoxSocket; 2],
    lock: &'static oxftp::RemoteLock,
    backoff: &'static mut oxftp::Backoff,
) {
    owned_future(pool.idle_client());
    owned_future(pool.close());
    owned_future(pool.contended());
    owned_future(pool.create_dir("x"));
    owned_future(pool.remove_dir("x"));
    owned_future(pool.remove_file("x"));
    owned_future(pool.is_dir("x"));
    owned_future(pool.is_file("x"));
    owned_future(pool.try_exists("x"));
    owned_future(pool.set_modified("x", oxftp::Timestamp::UNIX_EPOCH));
    owned_future(pool.walk("x"));
    owned_future(pool.open_append("x"));
    let [control, data] = sockets;
    owned_future(tls.control(control));
    owned_future(tls.data(data));
    owned_future(lock.lost());
    owned_future(lock.release());
    owned_future(backoff.wait());
    sendable(local_fs::conformance::check(&local_fs::MemoryFs::new(), "".as_ref()));
    sendable(oxftp::hash_file(&local_fs::MemoryFs::new(), "x", oxftp::HashAlgorithm::Sha256));
}
