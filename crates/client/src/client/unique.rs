//! Uploads that the server names.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use oxftp_proto::{Command, FileName, TransferType, dialog::Aborted, parse_stou_name};
use tokio::io::AsyncWrite;

use super::Client;
use crate::{DataStream, Error, Result, TransferSummary};

impl Client {
    /// Opens a new file in the working directory for writing, under a name that the server chooses (`STOU`;
    /// RFC 959, 4.1.3), so that it overwrites none.
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
    /// [`Error::StatusCode`] when the server refuses; [`Error::Name`] when it names what is no file of the working
    /// directory; those of opening a data connection.
    pub async fn upload_unique_stream(&mut self) -> Result<UniqueStream<'_>> {
        let encoding = self.config.encoding;
        let data = self.open_data(Command::new("STOU"), TransferType::Image, 0).await?;
        let name = data.preliminary().map(|reply| parse_stou_name(reply, encoding)).transpose();
        let stream = DataStream::new(self, data);
        Ok(UniqueStream { stream, name: name?.flatten() })
    }
}

/// An upload under a name that the server chooses.
///
/// What is said of dropping a [`DataStream`] holds here, too.
#[derive(Debug)]
pub struct UniqueStream<'c> {
    stream: DataStream<'c>,
    name: Option<FileName>,
}

impl UniqueStream<'_> {
    /// Gives the name of the file, where the server told it before the data (RFC 1123, 4.1.2.9).
    #[must_use]
    pub fn name(&self) -> Option<&FileName> {
        self.name.as_ref()
    }

    /// Ends the upload as [`DataStream::finish`] does, and gives the name of the file.
    ///
    /// # Errors
    ///
    /// Those of [`DataStream::finish`]; when all of it is stored and the server told no name
    /// [`Error::UnusableReply`], or one that leads out of the working directory, [`Error::Name`].
    pub async fn finish(self) -> Result<(FileName, TransferSummary)> {
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

    /// Breaks the upload off as [`DataStream::abort`] does.
    ///
    /// # Errors
    ///
    /// Those of [`DataStream::abort`].
    pub async fn abort(self) -> Result<Aborted> {
        self.stream.abort().await
    }

    /// Ends the upload after a failed write, as [`DataStream::fail`] does.
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
