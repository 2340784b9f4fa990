//! Replacement of `compression` without the feature `compression`: data connections are never compressed.

use std::{
    io,
    task::{Context, Poll},
};

use tokio::io::ReadBuf;

use crate::stream::{Direction, Stream};

/// Has no value: `MODE Z` is never requested.
pub(super) enum Compression {}

impl Compression {
    pub(super) fn new(_direction: Direction, _most: u64) -> Option<Self> {
        None
    }

    pub(super) fn expect_at_most(&mut self, _size: u64) {
        match *self {}
    }

    pub(super) fn poll_read(
        &mut self,
        _stream: &mut Stream,
        _cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match *self {}
    }

    pub(super) fn poll_write(
        &mut self,
        _stream: &mut Stream,
        _cx: &mut Context<'_>,
        _bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match *self {}
    }

    pub(super) fn poll_flush(&mut self, _stream: &mut Stream, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }

    pub(super) fn poll_finish(
        &mut self,
        _stream: &mut Stream,
        _cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match *self {}
    }
}
