//! Replacement of [`tls`](super::tls) without the feature `tls`: no connection is encrypted.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{Result, connect::BoxSocket};

/// Has no value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TlsConfig {}

/// Has no value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TlsSession {}

/// Has no value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TlsStream {}

impl TlsSession {
    pub(crate) fn new(config: &TlsConfig, _host: &str) -> Result<Self> {
        match *config {}
    }

    pub(crate) async fn secure_control(&self, _socket: BoxSocket) -> io::Result<TlsStream> {
        match *self {}
    }

    pub(crate) fn forget_handshake(&self) {
        match *self {}
    }

    pub(crate) fn note_transferred(&self) {
        match *self {}
    }

    pub(crate) async fn secure_data(&self, _socket: BoxSocket) -> io::Result<TlsStream> {
        match *self {}
    }
}

impl TlsStream {
    pub(crate) fn get_ref(&self) -> (&BoxSocket, ()) {
        match *self {}
    }

    pub(crate) fn into_inner(self) -> (BoxSocket, ()) {
        match self {}
    }
}

pub(crate) async fn end_sending(stream: &mut TlsStream) -> io::Result<()> {
    match *stream {}
}

impl AsyncRead for TlsStream {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        match *self {}
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }
}
