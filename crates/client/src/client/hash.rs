//! Hashes of remote files.

use std::path::Path;

use tokio::io::AsyncReadExt;

use oxftp_proto::{
    Code, Command, FileHash, HashAlgorithm, HashOffer, RemotePath, Reply, classify, dialog::Completion,
};

use super::{Client, navigation::Spelling};
use crate::{
    Error, Result,
    capabilities::optional_commands::OptionalCommand,
    local_fs::hash::{BLOCK_SIZE, Hasher, hash_file},
};

impl Client {
    /// Returns the hash of a file, by `algorithm` or, with `None`, by the strongest algorithm that the
    /// server offers in `FEAT`: `HASH` with `OPTS HASH` (draft-bryan-ftpext-hash), `XCRC`, `XMD5`, `XSHA`,
    /// `XSHA1`, `XSHA256`, `XSHA512`, `MD5` (draft-twine-ftpmd5).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let hash = client.hash("image.iso", None).await?;
    /// println!("{} {hash}", hash.algorithm());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The server reads the whole file to compute it, so the deadline is that of a completion (see
    /// [`Timeouts`](crate::Timeouts)).
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the server does not offer the hash; [`Error::StatusCode`] if it refuses the
    /// path; [`Error::UnusableReply`] if the reply contains no hash of the whole file.
    pub async fn hash(
        &mut self,
        path: impl Into<RemotePath>,
        algorithm: impl Into<Option<HashAlgorithm>>,
    ) -> Result<FileHash> {
        let (path, algorithm) = (path.into(), algorithm.into());
        let offers = HashOffer::all(self.features().await?);
        let mut last = Error::Unsupported { what: "hash of this kind" };
        for offer in offers.iter().filter(|offer| algorithm.is_none_or(|wanted| wanted == offer.algorithm()))
        {
            match self.hash_by(offer, &path).await {
                Err(error) if error.code().is_some_and(Code::is_unsupported) => last = error,
                Err(error @ Error::Unanswered { .. }) => last = error,
                computed => return computed,
            }
        }
        Err(last)
    }

    /// Returns the hash algorithms that the server offers, the strongest first.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let offered = client.hash_algorithms().await?;
    /// println!("{offered:?}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`features`](Self::features).
    pub async fn hash_algorithms(&mut self) -> Result<Vec<HashAlgorithm>> {
        let offers = HashOffer::all(self.features().await?);
        let mut algorithms: Vec<_> = offers.iter().map(HashOffer::algorithm).collect();
        algorithms.dedup();
        Ok(algorithms)
    }

    /// Returns whether a local file has the same hash as a remote file, by the strongest algorithm that the
    /// server offers (see [`hash`](Self::hash)).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{}", client.has_same_hash("image.iso", "image.iso").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`hash`](Self::hash) and [`hash_file`].
    pub async fn has_same_hash(
        &mut self,
        local: impl AsRef<Path>,
        remote: impl Into<RemotePath>,
    ) -> Result<bool> {
        let there = self.hash(remote, None).await?;
        let here = hash_file(self.file_system(), local.as_ref(), there.algorithm()).await?;
        Ok(here == there)
    }

    /// Computes the hash of a remote file from its content (`RETR`), for servers that offer no hashes. The whole file is
    /// transferred, and kept nowhere.
    ///
    /// ```no_run
    /// use oxftp::HashAlgorithm;
    ///
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{}", client.hash_content("image.iso", HashAlgorithm::Sha256).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`download_stream`](Self::download_stream), and of reading it.
    pub async fn hash_content(
        &mut self,
        path: impl Into<RemotePath>,
        algorithm: HashAlgorithm,
    ) -> Result<FileHash> {
        let mut hasher = Hasher::new(algorithm)?;
        let mut data = self.download_stream(path).await?;
        let mut block = Vec::with_capacity(BLOCK_SIZE);
        loop {
            match data.read_buf(&mut block).await {
                Ok(0) => break,
                Ok(_) => hasher.update(&block),
                Err(error) => return Err(data.fail(error).await),
            }
            block.clear();
        }
        data.finish().await?;
        let hash = FileHash::new(algorithm, hasher.finish());
        hash.ok_or(Error::Unsupported { what: "hash of that length" })
    }

    async fn hash_by(&mut self, offer: &HashOffer, path: &RemotePath) -> Result<FileHash> {
        if offer.needs_selection() {
            self.select_hash(offer.algorithm()).await?;
        }
        let argument = self.reach(path, Spelling::Usual).await?;
        let quoted = offer.command(&argument, self.config.encoding)?;
        let bare = Command::with_path(offer.verb(), &argument, self.config.encoding)?;
        let reply = match self.ask_for_hash(&quoted).await {
            // The server may treat the quotes as part of the name.
            Err(error) if quoted != bare && error.reply().is_some_and(classify::rejects_argument) => {
                self.ask_for_hash(&bare).await?
            }
            reply => reply?,
        };
        offer.read(&reply).ok_or(Error::UnusableReply { command: offer.verb(), reply })
    }

    async fn ask_for_hash(&mut self, command: &Command) -> Result<Reply> {
        let _trial = match OptionalCommand::of(command.as_bytes()) {
            Some(optional) => self.try_optional(optional).await?,
            None => None,
        };
        self.control.send(command).await?;
        let deadline = self.config.timeouts.completion;
        match self.control.resume(Completion::new(&["2xx"], &["1xx"]), deadline).await {
            Err(error) if self.is_lost_to_optional() => Err(self.replace_lost(error).await),
            outcome => outcome,
        }
    }

    /// Selects the algorithm of `HASH`, unless it is selected already (`OPTS HASH`).
    async fn select_hash(&mut self, wanted: HashAlgorithm) -> Result<()> {
        let initial = HashOffer::selected(self.features().await?);
        if self.state.hash_selected.unwrap_or(initial) == Some(wanted) {
            return Ok(());
        }
        let command = Command::with_argument("OPTS", format!("HASH {wanted}"))?;
        self.state.hash_selected = Some(None);
        self.exchange(command, &["2xx"]).await?;
        self.state.hash_selected = Some(Some(wanted));
        Ok(())
    }
}
