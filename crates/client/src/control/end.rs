//! How a control connection ends, and what is said of it from then on.

use std::{io, time::Duration};

use oxftp_proto::Reply;
use tokio::io::AsyncWriteExt;

use super::ControlChannel;
use crate::{Error, Result, deadline::within};

impl ControlChannel {
    /// Ends the connection at once.
    pub(crate) fn close(&mut self) {
        self.give_up("it was closed", None);
    }

    /// Ends the connection politely (TLS says that it ends).
    pub(crate) async fn shut_down(&mut self) {
        if let Some(mut stream) = self.stream.take() {
            let _ = within(Some(CLOSING), stream.shutdown()).await;
        }
        self.close();
    }

    pub(super) fn lost(&mut self, error: io::Error) -> Error {
        self.give_up(&error.to_string(), None);
        Error::Control(error)
    }

    pub(super) fn give_up(&mut self, why: &str, last_words: Option<Reply>) {
        self.stream = None;
        if self.end.is_none() {
            self.end = Some((why.to_owned(), last_words));
        }
    }

    pub(crate) fn check_usable(&self) -> Result<()> {
        if self.stream.is_some() { Ok(()) } else { Err(self.unusable()) }
    }

    pub(super) fn unusable(&self) -> Error {
        match &self.end {
            Some((_, Some(reply))) => Error::Closed { reply: Some(reply.clone()) },
            Some((why, None)) => Error::Broken { why: why.clone() },
            None => Error::Broken { why: "it is not open".into() },
        }
    }
}

/// How long a polite end may take.
const CLOSING: Duration = Duration::from_secs(2);
