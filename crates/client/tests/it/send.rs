//! Public types and futures can be sent between threads, and what owns its session is `'static`.

use std::{future::Future, time::Duration};

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
}

#[test]
fn streams_and_jobs_are_send() {
    borrowing! {
        Entries<'_>, List<'_>, Download<'_>, Upload<'_>, Mirror<'_>, RawCommand<'_>, UniqueStream<'_>,
        DataCommand<'_, DownloadStream<&mut Client>>, DownloadStream<&mut Client>, UploadStream<&mut Client>,
        DataStream<&mut Client>, RangeStream<&mut Client>, blocking::Entries<'_>, blocking::FileReader<'_>,
    }
    owned! {
        oxftp::EntryStream, oxftp::PoolStream, DownloadStream<Client>, DownloadStream<PooledClient>,
        UploadStream<Client>, UploadStream<PooledClient>, DataStream<PooledClient>, RangeStream<PooledClient>,
        AsciiReader<DownloadStream<PooledClient>>, AsciiWriter<UploadStream<PooledClient>>, blocking::Client,
        blocking::DownloadStream<PooledClient>, blocking::UploadStream<PooledClient>,
    }
}

#[allow(dead_code, reason = "only compiled")]
fn futures_are_send(client: &mut Client, owned: Client, pool: &'static Pool) {
    sendable(Client::builder().connect("h"));
    sendable(client.login(oxftp::Credentials::anonymous()));
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
