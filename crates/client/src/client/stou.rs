//! `STOU`: uploads under a name that the server chooses.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use oxftp_proto::{Command, FileName, TransferType, dialog::Aborted, parse_stou_name};
use tokio::io::AsyncWrite;

use super::{Client, FollowUp};
use crate::{DataStream, Error, Result, TransferSummary};

impl Client {
    /// Opens a new file in the working directory for writing, under a name that the server chooses (`STOU`;
    /// RFC 959, 4.1.3), so that no file is overwritten.
    ///
    /// ```no_run
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut stream = client.upload_unique_stream().await?;
    /// stream.write_all(b"a report").await?;
    /// let (name, _) = stream.finish().await?;
    /// println!("stored as {name}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses; [`Error::Name`] if the name in the reply is not a file
    /// in the working directory; those of opening a data connection.
    pub async fn upload_unique_stream(&mut self) -> Result<UniqueStream<'_>> {
        let encoding = self.config.encoding;
        let data = self.open_data(Command::new("STOU"), TransferType::Image, 0, FollowUp::Nothing).await?;
        let name = data.preliminary().map(|reply| parse_stou_name(reply, encoding)).transpose();
        let stream = DataStream::new(self, data);
        Ok(UniqueStream { stream, name: name?.flatten() })
    }
}

/// An upload under a name that the server chooses.
///
/// Dropping it aborts the upload, as with [`DataStream`].
#[derive(Debug)]
pub struct UniqueStream<'c> {
    stream: DataStream<&'c mut Client>,
    name: Option<FileName>,
}

impl UniqueStream<'_> {
    /// Returns the name of the file, if the server sent it before the data (RFC 1123, 4.1.2.9).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let file = client.upload_unique_stream().await?;
    /// println!("{:?}", file.name());
    /// file.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&FileName> {
        self.name.as_ref()
    }

    /// Completes the upload as [`DataStream::finish`] does, and returns the name of the file.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut file = client.upload_unique_stream().await?;
    /// file.write_all(b"text").await?;
    /// let (name, summary) = file.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`DataStream::finish`]. After a successful upload, [`Error::UnusableReply`] if the server
    /// sent no name, and [`Error::Name`] if the name leads out of the working directory.
    pub async fn finish(mut self) -> Result<(FileName, TransferSummary)> {
        let encoding = self.stream.encoding();
        let summary = self.stream.finish().await?;
        let name = match self.name {
            Some(name) => Some(name),
            None => parse_stou_name(&summary.reply, encoding)?,
        };
        match name {
            Some(name) => Ok((name, summary)),
            None => Err(Error::UnusableReply { command: "STOU", reply: summary.reply }),
        }
    }

    /// Aborts the upload as [`DataStream::abort`] does.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let file = client.upload_unique_stream().await?;
    /// file.abort().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`DataStream::abort`].
    pub async fn abort(self) -> Result<Aborted> {
        self.stream.abort().await
    }

    /// Ends the upload after a failed write, as [`DataStream::fail`] does.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut file = client.upload_unique_stream().await?;
    /// if let Err(error) = file.write_all(b"text").await {
    ///     return Err(file.fail(error).await.into());
    /// }
    /// file.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fail(self, source: io::Error) -> Error {
        self.stream.fail(source).await
    }
}

impl AsyncWrite for UniqueStream<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
