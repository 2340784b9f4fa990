//! The blocking client.

use std::{io, ops::Range, path::PathBuf};

use bytes::Bytes;

use super::{
    DownloadStream, Entries, FileReader, UploadStream,
    runtime::{Entered, block_on},
};
use crate::{
    Aborted, Client as AsyncClient, ClientBuilder, Credentials, Entry, EntryKind, Error, Features, FileHash,
    FtpUrl, HashAlgorithm, Host, PathEntry, RemotePath, Reply, Report, Result, Timestamp, TransferType,
};

/// A session that blocks; see [`crate::Client`].
///
/// ```no_run
/// use oxftp::{Credentials, blocking::Client};
///
/// # fn example() -> oxftp::Result<()> {
/// let mut client = Client::connect("ftp.example.org")?;
/// client.login(Credentials::anonymous())?;
/// let text = client.read("pub/readme.txt")?;
/// client.quit()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Client {
    inner: Entered<AsyncClient>,
}

impl Client {
    /// Connects to a server, without TLS and with the default options.
    ///
    /// ```no_run
    /// # fn example() -> oxftp::Result<()> {
    /// let mut client = oxftp::blocking::Client::connect("ftp.example.org")?;
    /// client.login(oxftp::Credentials::anonymous())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`ClientBuilder::connect`].
    pub fn connect(host: impl Into<Host>) -> Result<Self> {
        Self::connect_with(AsyncClient::builder(), host)
    }

    /// Connects to a server with the options of a builder.
    ///
    /// ```no_run
    /// # fn example() -> oxftp::Result<()> {
    /// let builder = oxftp::Client::builder().socket_timeout(std::time::Duration::from_secs(10));
    /// let client = oxftp::blocking::Client::connect_with(builder, "ftp.example.org")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`ClientBuilder::connect`].
    pub fn connect_with(builder: ClientBuilder, host: impl Into<Host>) -> Result<Self> {
        let inner = block_on(builder.connect(host))?;
        Ok(Self { inner: Entered::new(inner) })
    }

    /// Connects to the server of a URL and logs in.
    ///
    /// ```no_run
    /// # fn example() -> oxftp::Result<()> {
    /// let client = oxftp::blocking::Client::open(&"ftp://me:secret@ftp.example.org/".parse()?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`ClientBuilder::connect`] and [`crate::Client::login`].
    pub fn open(url: &FtpUrl) -> Result<Self> {
        let mut client = Self::connect_with(ClientBuilder::from_url(url), url.host())?;
        client.login(url.credentials())?;
        Ok(client)
    }

    /// Returns the asynchronous client of the session, for operations without a blocking form.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// let zone = client.as_async().server_zone();
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_async(&mut self) -> &mut AsyncClient {
        &mut self.inner
    }

    /// Returns the greeting of the server.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// println!("{}", client.greeting());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn greeting(&self) -> &Reply {
        self.inner.greeting()
    }

    /// Returns whether the session is no longer usable.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// if client.is_broken() {
    ///     client.reconnect()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.inner.is_broken()
    }

    /// Returns whether the control connection is encrypted.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// assert!(client.is_encrypted());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.inner.is_encrypted()
    }

    /// Returns the features of the server (`FEAT`); see [`crate::Client::features`].
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// println!("{}", client.features()?.contains("MLST"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of the control connection.
    pub fn features(&mut self) -> Result<&Features> {
        block_on(self.inner.features())
    }

    /// Returns the system of the server (`SYST`); see [`crate::Client::system`].
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// println!("{}", client.system()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Client::system`].
    pub fn system(&mut self) -> Result<&str> {
        block_on(self.inner.system())
    }

    /// Creates a raw command, which [`run`](super::Run::run) sends; see [`crate::Client::command`].
    ///
    /// ```no_run
    /// use oxftp::blocking::{Client, Run};
    ///
    /// # fn example(client: &mut Client) -> oxftp::Result<()> {
    /// let reply = client.command("SITE HELP").expect("2xx").run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn command(&mut self, line: impl Into<String>) -> crate::RawCommand<'_> {
        self.inner.command(line)
    }

    /// Creates a listing, which [`run`](super::Run::run) reads at once; see [`crate::Client::list`].
    ///
    /// ```no_run
    /// use oxftp::blocking::{Client, Run};
    ///
    /// # fn example(client: &mut Client) -> oxftp::Result<()> {
    /// let all = client.list("pub").recursive().run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&mut self, path: impl Into<RemotePath>) -> crate::List<'_> {
        self.inner.list(path)
    }

    /// Returns the entries of a directory as an iterator.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// for entry in client.entries("pub")? {
    ///     println!("{}", entry?.path());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// None so far; failures are items of the iterator.
    pub fn entries(&mut self, path: impl Into<RemotePath>) -> Result<Entries<'_>> {
        Ok(Entries::new(self.inner.list(path).stream()))
    }

    /// Returns the entries of a tree as an iterator.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// for entry in client.walk("pub")? {
    ///     println!("{}", entry?.path());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// None so far; failures are items of the iterator.
    pub fn walk(&mut self, path: impl Into<RemotePath>) -> Result<Entries<'_>> {
        Ok(Entries::new(self.inner.list(path).recursive().stream()))
    }

    /// Lists a directory; the iterator of [`entries`](Self::entries), collected.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// println!("{} entries", client.read_dir("pub")?.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Client::list`].
    pub fn read_dir(&mut self, path: impl Into<RemotePath>) -> Result<Vec<PathEntry>> {
        block_on(self.inner.list(path).into_future())
    }

    /// Creates a download of a file or tree, which [`run`](super::Run::run) starts; see [`crate::Client::download`].
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// use oxftp::blocking::Run;
    ///
    /// client.download("pub").into_dir("copy").run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(&mut self, source: impl Into<RemotePath>) -> crate::Download<'_> {
        self.inner.download(source)
    }

    /// Creates an upload of a file or tree, which [`run`](super::Run::run) starts; see [`crate::Client::upload`].
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// use oxftp::blocking::Run;
    ///
    /// client.upload("site").to_file("/www").run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&mut self, source: impl Into<PathBuf>) -> crate::Upload<'_> {
        self.inner.upload(source)
    }

    /// Creates a mirror to the local file system over this session, which [`run`](super::Run::run) starts; see
    /// [`crate::Client::mirror_down`].
    ///
    /// ```no_run
    /// use oxftp::blocking::Run;
    ///
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// client.mirror_down("/pub", "copy").run()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "mirror")]
    pub fn mirror_down(
        &mut self,
        source: impl Into<RemotePath>,
        target: impl Into<PathBuf>,
    ) -> crate::mirror::Mirror<'_> {
        self.inner.mirror_down(source, target)
    }

    /// Creates a mirror to the server over this session, which [`run`](super::Run::run) starts; see
    /// [`crate::Client::mirror_up`].
    ///
    /// ```no_run
    /// use oxftp::blocking::Run;
    ///
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// client.mirror_up("site", "/www").run()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "mirror")]
    pub fn mirror_up(
        &mut self,
        source: impl Into<PathBuf>,
        target: impl Into<RemotePath>,
    ) -> crate::mirror::Mirror<'_> {
        self.inner.mirror_up(source, target)
    }

    /// Opens a file for reading from its start (`RETR`).
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut file = client.open_read("a.txt")?;
    /// std::io::copy(&mut file, &mut std::io::stdout())?;
    /// file.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Client::download_stream`].
    pub fn open_read(&mut self, path: impl Into<RemotePath>) -> Result<DownloadStream<&mut AsyncClient>> {
        let opened = self.inner.download_stream(path).into_future();
        block_on(opened).map(DownloadStream::new)
    }

    /// Opens a file for reading from byte `offset` on (`REST`, `RETR`).
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rest = client.open_read_from("disk.img", 4096)?;
    /// std::io::copy(&mut rest, &mut std::io::sink())?;
    /// rest.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Client::download_stream`].
    pub fn open_read_from(
        &mut self,
        path: impl Into<RemotePath>,
        offset: u64,
    ) -> Result<DownloadStream<&mut AsyncClient>> {
        let opened = self.inner.download_stream(path).offset(offset).into_future();
        block_on(opened).map(DownloadStream::new)
    }

    /// Sends a command whose data the server sends, such as `NLST`, and returns the data; see
    /// [`crate::Client::data_command`].
    ///
    /// ```no_run
    /// use std::io::Read;
    ///
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut stream = client.data_command("NLST pub")?;
    /// let mut names = String::new();
    /// stream.read_to_string(&mut names)?;
    /// stream.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Client::data_command`].
    pub fn data_command(&mut self, line: impl Into<String>) -> Result<DownloadStream<&mut AsyncClient>> {
        let command = self.inner.data_command(line).transfer_type(TransferType::Ascii);
        block_on(command.into_future()).map(|stream| DownloadStream::new(stream.into()))
    }

    /// Opens a file for writing (`STOR`). An existing file is overwritten.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    ///
    /// let mut file = client.open_write("a.txt")?;
    /// file.write_all(b"text")?;
    /// file.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Client::upload_stream`].
    pub fn open_write(&mut self, path: impl Into<RemotePath>) -> Result<UploadStream<&mut AsyncClient>> {
        block_on(self.inner.upload_stream(path).into_future()).map(UploadStream::new)
    }

    /// Opens a file for writing at its end (`APPE`).
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    ///
    /// let mut log = client.open_append("log.txt")?;
    /// log.write_all(b"one more line\n")?;
    /// log.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Client::append_stream`].
    pub fn open_append(&mut self, path: impl Into<RemotePath>) -> Result<UploadStream<&mut AsyncClient>> {
        block_on(self.inner.append_stream(path).into_future()).map(UploadStream::new)
    }

    /// Opens a file that can be read from any position.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::{Read, Seek, SeekFrom};
    ///
    /// let mut file = client.open_file("image.iso")?;
    /// file.seek(SeekFrom::End(-512))?;
    /// file.read_exact(&mut [0; 512])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`size`](Self::size).
    pub fn open_file(&mut self, path: impl Into<RemotePath>) -> Result<FileReader<'_>> {
        FileReader::on_client(self, path.into())
    }

    /// Reads a part of a file; a part that extends beyond the end of the file ends with the file.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// let header = client.read_range("image.iso", 0..512)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Client::download_range`].
    pub fn read_range(&mut self, path: impl Into<RemotePath>, range: Range<u64>) -> Result<Bytes> {
        block_on(async {
            let mut part = self.inner.download_range(path, range).await?;
            let mut bytes = Vec::new();
            match tokio::io::AsyncReadExt::read_to_end(&mut part, &mut bytes).await {
                Ok(_) => part.finish().await.map(|_| bytes.into()),
                Err(error) => Err(part.fail(error).await),
            }
        })
    }

    /// Writes a file from a reader of any length; returns the number of bytes.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// client.put("report.csv", &mut std::io::Cursor::new("a;b\n"))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`open_write`](Self::open_write), and [`Error::LocalStream`] if the reader fails.
    pub fn put(&mut self, path: impl Into<RemotePath>, reader: &mut impl io::Read) -> Result<u64> {
        let mut stream = self.open_write(path)?;
        let mut block = vec![0; BLOCK_SIZE];
        loop {
            let read = match reader.read(&mut block) {
                Ok(0) => return stream.finish().map(|summary| summary.transferred),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    let _ = stream.abort();
                    return Err(Error::LocalStream { what: "source", source });
                }
            };
            if let Err(error) = io::Write::write_all(&mut stream, &block[..read]) {
                return Err(stream.fail(error));
            }
        }
    }

    /// Logs out (`QUIT`) and closes the connection.
    ///
    /// ```no_run
    /// # fn example(client: oxftp::blocking::Client) -> oxftp::Result<()> {
    /// client.quit()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Client::quit`].
    pub fn quit(self) -> Result<()> {
        block_on(self.inner.into_inner().quit())
    }
}

macro_rules! methods {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $returned:ty;)*) => {
        impl Client {
            $(
                #[doc = concat!("Does what [`crate::Client::", stringify!($name), "`] does, and blocks until it is done.")]
                ///
                /// # Errors
                ///
                #[doc = concat!("Those of [`crate::Client::", stringify!($name), "`].")]
                pub fn $name(&mut self, $($argument: $kind),*) -> Result<$returned> {
                    block_on(self.inner.$name($($argument),*))
                }
            )*
        }
    };
}

methods! {
    login(credentials: Credentials) -> Reply;
    reconnect() -> ();
    clear_command_channel() -> ();
    noop() -> ();
    abort() -> Aborted;
    read(path: impl Into<RemotePath>) -> Bytes;
    write(path: impl Into<RemotePath>, contents: impl AsRef<[u8]>) -> ();
    current_dir() -> RemotePath;
    change_dir(path: impl Into<RemotePath>) -> ();
    change_to_parent_dir() -> ();
    create_dir(path: impl Into<RemotePath>) -> ();
    create_dir_all(path: impl Into<RemotePath>) -> ();
    remove_dir(path: impl Into<RemotePath>) -> ();
    remove_dir_all(path: impl Into<RemotePath>) -> Report;
    remove_file(path: impl Into<RemotePath>) -> ();
    rename(from: impl Into<RemotePath>, to: impl Into<RemotePath>) -> ();
    metadata(path: impl Into<RemotePath>) -> Entry;
    try_exists(path: impl Into<RemotePath>) -> bool;
    is_file(path: impl Into<RemotePath>) -> bool;
    is_dir(path: impl Into<RemotePath>) -> bool;
    resolve_link(path: impl Into<RemotePath>) -> EntryKind;
    size(path: impl Into<RemotePath>) -> u64;
    modified(path: impl Into<RemotePath>) -> Timestamp;
    set_modified(path: impl Into<RemotePath>, time: Timestamp) -> ();
    set_permissions(path: impl Into<RemotePath>, mode: u32) -> ();
    hash(path: impl Into<RemotePath>, algorithm: impl Into<Option<HashAlgorithm>>) -> FileHash;
}

const BLOCK_SIZE: usize = 256 * 1024;
