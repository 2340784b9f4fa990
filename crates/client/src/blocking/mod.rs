//! The client without `async`, for programs that block.
//!
//! [`Client`] and [`Pool`] have the methods of [their asynchronous counterparts](crate::Client), and block the calling thread
//! instead. Downloads, uploads, mirrors and raw commands are built with the same types, and started by
//! [`Run::run`]. Streams implement [`Read`](std::io::Read), [`BufRead`](std::io::BufRead) and
//! [`Write`](std::io::Write), and listings are iterators.
//!
//! The sockets are served by one background thread of the library, which starts with the first call. Every method can be
//! called from any thread, except from asynchronous code: there, it would stop the other tasks, so that every call is
//! [`Error::BlockingInAsync`](crate::Error::BlockingInAsync). Inside `tokio::task::spawn_blocking` it works.
//!
//! ```no_run
//! use std::io::{BufRead, Read};
//! use oxftp::{Credentials, blocking::{Client, Run}};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut client = Client::connect("ftp.example.org")?;
//! client.login(Credentials::new("me", "secret"))?;
//!
//! for entry in client.entries("reports")? {
//!     println!("{}", entry?.name());
//! }
//! client.download("reports").to("backup").run()?;
//!
//! let mut stream = client.open_read("today.csv")?;
//! for line in stream.by_ref().lines() {
//!     println!("{}", line?);
//! }
//! stream.finish()?;
//! client.quit()?;
//! # Ok(())
//! # }
//! ```

mod client;
mod entries;
mod pool;
mod reader;
mod runtime;
mod streams;

pub use self::{
    client::Client,
    entries::Entries,
    pool::Pool,
    reader::FileReader,
    runtime::Run,
    streams::{DownloadStream, UploadStream},
};
