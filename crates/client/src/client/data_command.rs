//! Commands with a data connection, as builders: [`DataCommand`].

use std::{future::IntoFuture, marker::PhantomData};

use oxftp_proto::{Command, RemotePath, TransferType};

use super::{
    Client,
    transfer_command::{FollowUp, TransferCommand},
};
use crate::{DataStream, DownloadStream, Error, Result, UploadStream, future::BoxFuture};

impl Client {
    /// Creates a command that uses a data connection, such as `LIST -a /pub` or `RETR x`. Awaiting it sends
    /// the command and returns the stream.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let stream = client.data_command("NLST").transfer_type(oxftp::TransferType::Ascii).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a command does nothing until it is awaited"]
    pub fn data_command(&mut self, line: impl Into<String>) -> DataCommand<'_, DataStream<&mut Self>> {
        let command = Command::raw(&line.into(), self.config.encoding).map_err(Error::from);
        DataCommand::new(self, command.map(TransferCommand::Line))
    }

    /// Opens a file for reading (`RETR`; RFC 959, 4.1.3). With [`offset`](DataCommand::offset) it starts at
    /// that byte (`REST`).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut file = client.download_stream("a.txt").await?;
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// file.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a stream is not opened until it is awaited"]
    pub fn download_stream(
        &mut self,
        path: impl Into<RemotePath>,
    ) -> DataCommand<'_, DownloadStream<&mut Self>> {
        self.data_path_command("RETR", &path.into())
    }

    /// Opens a file for writing (`STOR`; RFC 959, 4.1.3) and overwrites an existing one. With
    /// [`offset`](DataCommand::offset) it starts at that byte (`REST`).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut file = client.upload_stream("a.txt").await?;
    /// file.write_all(b"text").await?;
    /// file.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a stream is not opened until it is awaited"]
    pub fn upload_stream(&mut self, path: impl Into<RemotePath>) -> DataCommand<'_, UploadStream<&mut Self>> {
        self.data_path_command("STOR", &path.into())
    }

    /// Opens a file for appending (`APPE`; RFC 959, 4.1.3), and creates it if it does not exist.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut log = client.append_stream("log.txt").await?;
    /// log.write_all(b"one more line\n").await?;
    /// log.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a stream is not opened until it is awaited"]
    pub fn append_stream(&mut self, path: impl Into<RemotePath>) -> DataCommand<'_, UploadStream<&mut Self>> {
        self.data_path_command("APPE", &path.into())
    }

    pub(crate) fn data_path_command<T>(
        &mut self,
        verb: &'static str,
        path: &RemotePath,
    ) -> DataCommand<'_, T> {
        DataCommand::new(self, Ok(TransferCommand::path(verb, path)))
    }
}

/// A command that uses a data connection. Awaiting it sends the command and returns the stream `T`: a
/// [`DataStream`], [`DownloadStream`] or [`UploadStream`].
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let stream = client.download_stream("log.txt").offset(1024).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DataCommand<'c, T> {
    client: &'c mut Client,
    command: Result<TransferCommand>,
    transfer_type: TransferType,
    offset: u64,
    follow_up: FollowUp,
    stream: PhantomData<fn() -> T>,
}

impl<'c, T> DataCommand<'c, T> {
    fn new(client: &'c mut Client, command: Result<TransferCommand>) -> Self {
        Self {
            client,
            command,
            transfer_type: TransferType::Image,
            offset: 0,
            follow_up: FollowUp::Nothing,
            stream: PhantomData,
        }
    }

    /// Sets the representation type (`TYPE`). Defaults to [`TransferType::Image`].
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::TransferType;
    ///
    /// let stream = client.data_command("NLST").transfer_type(TransferType::Ascii).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn transfer_type(mut self, transfer_type: TransferType) -> Self {
        self.transfer_type = transfer_type;
        self
    }

    /// Sets the byte at which the transfer starts (`REST`; RFC 3659, 5). Defaults to 0.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let rest = client.download_stream("log.txt").offset(1024).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// Sets what follows the transfer.
    pub(crate) fn followed_by(mut self, follow_up: FollowUp) -> Self {
        self.follow_up = follow_up;
        self
    }

    async fn open(self) -> Result<DataStream<&'c mut Client>> {
        let (transfer_type, offset) = (self.transfer_type, self.offset);
        let data = self.client.open_data(self.command?, transfer_type, offset, self.follow_up).await?;
        Ok(DataStream::new(self.client, data))
    }
}

impl<'c, T: From<DataStream<&'c mut Client>> + 'c> IntoFuture for DataCommand<'c, T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.open().await.map(T::from) })
    }
}
