//! Record of an upload in progress: the version of the local file that is being sent, and its name on the server.
//!
//! ```text
//! oxftp upload 1
//! number 2
//! token 3fa9c2d1
//! size 1048576
//! modified 1700000000123456789
//! inode 2049 1234
//! offset 0
//! stale 11d0f2a7
//! checksum 5e0c9d21
//! ```
//!
//! The file has two halves, which are written in turn; `number` counts the writes. A process that is killed while it writes
//! leaves the earlier record whole.
//!
//! `stale` names temporary files of other versions, and one that was about to be renamed. They are removed with the
//! record: the server may still write, create or rename them, for sessions whose processes were killed.
//!
//! It is a local file, named after a hash of server and path, which exists until the upload is complete. The upload
//! holds its lock, so that no other process resumes a running upload or uses its temporary name. Of several uploads to one
//! name at a time, each has a record of its own. Those of killed processes are taken over by the next upload.

use std::{
    fmt::Write,
    io::{self, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use oxftp_proto::RemotePath;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::{
    error::local_fs::{LocalFsError, LocalFsResult},
    local_fs::{CreateDirOptions, FileHandle, FileSystem, OpenMode, locked_file::open_locked},
    transfer::{
        partial_name::new_token,
        resume::{Inode, SourceId},
    },
    url::Host,
};

/// Record of an upload, locked for this process if it exists.
pub(crate) struct UploadRecord {
    fs: Arc<dyn FileSystem>,
    path: PathBuf,
    /// The paths that it takes if another upload creates a record meanwhile.
    further_paths: Vec<PathBuf>,
    file: Option<Box<dyn FileHandle>>,
    /// Records of killed uploads that ran beside another one, locked. Their temporary files are stale.
    abandoned: Vec<(PathBuf, Box<dyn FileHandle>)>,
    found: Option<UploadState>,
    /// The time at which the record was written.
    saved: Option<SystemTime>,
    /// The part of the temporary name that no other upload has.
    token: String,
    /// The same of temporary files of other versions.
    stale: Vec<String>,
    /// Those of them that were found when the file was created.
    late: Vec<String>,
    /// The number of the last write.
    number: u64,
}

/// The content of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadState {
    pub(crate) token: String,
    pub(crate) source: SourceId,
    /// The position from which the last attempt sent the file.
    pub(crate) offset: u64,
    pub(crate) stale: Vec<String>,
}

impl UploadRecord {
    /// Finds the record of an earlier upload to this name. Returns `None` if `uploads` other processes are uploading to it.
    pub(crate) async fn claim(
        fs: &Arc<dyn FileSystem>,
        directory: &Path,
        host: &Host,
        target: &RemotePath,
        token: &str,
        uploads: usize,
    ) -> Option<Self> {
        let name = file_name(host, target);
        let mut record: Option<Self> = None;
        for number in 0..uploads {
            let path = match number {
                0 => directory.join(&name),
                _ => directory.join(format!("{name}.{number}")),
            };
            let file = match open_locked(&**fs, &path).await {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    crate::trace::debug!("another process is uploading to {target}");
                    continue;
                }
                Err(error) => {
                    crate::trace::debug!("{error}");
                    None
                }
            };
            match (&mut record, file) {
                (None, file) => record = Some(Self::open(fs, path, file, token).await),
                (Some(record), Some(file)) => record.adopt(path, file).await,
                (Some(record), None) => record.further_paths.push(path),
            }
        }
        record
    }

    async fn open(
        fs: &Arc<dyn FileSystem>,
        path: PathBuf,
        file: Option<Box<dyn FileHandle>>,
        token: &str,
    ) -> Self {
        let saved = match &file {
            Some(_) => fs.metadata(&path).await.ok().and_then(|found| found.modified),
            None => None,
        };
        let mut record = Self {
            fs: fs.clone(),
            path,
            further_paths: Vec::new(),
            file,
            abandoned: Vec::new(),
            found: None,
            saved,
            token: token.to_owned(),
            stale: Vec::new(),
            late: Vec::new(),
            number: 0,
        };
        if let Some(file) = &mut record.file
            && let Some((number, found)) = read(&mut **file).await
        {
            record.number = number;
            record.token.clone_from(&found.token);
            record.stale.clone_from(&found.stale);
            record.found = Some(found);
        }
        record
    }

    /// Takes over the record of a killed upload.
    async fn adopt(&mut self, path: PathBuf, mut file: Box<dyn FileHandle>) {
        if let Some((_, state)) = read(&mut *file).await {
            state.stale.into_iter().chain([state.token]).for_each(|token| self.add_stale(token));
        }
        self.abandoned.push((path, file));
    }

    /// Returns the record of an earlier upload.
    pub(crate) fn found(&self) -> Option<&UploadState> {
        self.found.as_ref()
    }

    /// Returns when that was recorded.
    pub(crate) fn saved(&self) -> Option<SystemTime> {
        self.saved
    }

    /// Returns whether the file holds the token already.
    pub(crate) fn has_token(&self) -> bool {
        self.found.as_ref().is_some_and(|found| found.token == self.token)
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Takes another token if the record is that of another version of the file. Returns the tokens of other versions.
    pub(crate) fn renew_token(&mut self, source: Option<SourceId>, token: &str) -> &[String] {
        if self.found.as_ref().is_some_and(|found| Some(found.source) != source) {
            let token = std::mem::replace(&mut self.token, token.to_owned());
            self.add_stale(token);
        }
        &self.stale
    }

    /// Records that this version is sent from this position. Without a record the upload cannot be resumed; a failure is
    /// logged only.
    pub(crate) async fn save(&mut self, source: SourceId, offset: u64) {
        if self.file.is_none()
            && let Err(error) = self.create().await
        {
            crate::trace::debug!("{error}");
        }
        let state = UploadState { token: self.token.clone(), source, offset, stale: self.stale.clone() };
        if let Err(error) = self.write(&state).await {
            crate::trace::debug!("{error}");
        }
    }

    /// Records that the file is stored and is about to get its final name.
    ///
    /// If the process is killed after this point, the server may still rename the temporary file. An upload into that
    /// file would then appear under the final name before it is complete, so the record names another one.
    pub(crate) async fn save_before_rename(&mut self, source: SourceId) {
        let token = std::mem::replace(&mut self.token, new_token());
        self.add_stale(token.clone());
        self.save(source, 0).await;
        self.token = token;
    }

    /// Records again that this version is sent under its temporary name, because it was not renamed.
    pub(crate) async fn save_again(&mut self, source: SourceId, offset: u64) {
        self.stale.retain(|stale| *stale != self.token);
        self.save(source, offset).await;
    }

    fn add_stale(&mut self, token: String) {
        self.stale.push(token);
        if self.stale.len() > MAX_STALE {
            self.stale.remove(0);
        }
    }

    /// Removes the record of an upload that is complete, and those that were taken over. They are locked until then.
    pub(crate) async fn remove(self) {
        let own = self.file.map(|file| (self.path, file));
        for (path, _lock) in own.into_iter().chain(self.abandoned) {
            if let Err(error) = self.fs.remove_file(&path).await {
                crate::trace::debug!("{error}");
            }
        }
    }

    /// Creates the file under the first path that no other upload has taken meanwhile. One of an upload that was killed
    /// since then is used again.
    async fn create(&mut self) -> LocalFsResult<()> {
        let mut file = loop {
            match open_or_create(&*self.fs, &self.path).await {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.further_paths.is_empty() => {
                    self.path = self.further_paths.remove(0);
                }
                created => break created?,
            }
        };
        if let Some((number, state)) = read(&mut *file).await {
            self.number = number;
            for token in state.stale.into_iter().chain([state.token]) {
                self.late.push(token.clone());
                self.add_stale(token);
            }
        }
        self.file = Some(file);
        Ok(())
    }

    /// Returns the tokens of killed uploads that were found since [`renew_token`](Self::renew_token).
    pub(crate) fn late(&self) -> &[String] {
        &self.late
    }

    async fn write(&mut self, state: &UploadState) -> LocalFsResult<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        self.number += 1;
        let (text, half) = (state.encode(self.number), self.number % 2);
        let written = async {
            file.seek(SeekFrom::Start(half * HALF as u64)).await?;
            file.write_all(text.as_bytes()).await?;
            file.flush().await
        };
        written.await.map_err(|source| LocalFsError::new("write", &self.path, source))
    }
}

impl UploadState {
    fn encode(&self, number: u64) -> String {
        let Self { token, source: SourceId { size, modified, inode }, offset, stale } = self;
        let mut text = format!("{FIRST_LINE}\nnumber {number}\ntoken {token}\nsize {size}\n");
        // Writing to a string cannot fail.
        let _ = match modified {
            Some(time) => writeln!(text, "modified {time}"),
            None => writeln!(text, "modified {UNKNOWN}"),
        };
        let _ = match inode {
            Some(Inode { device, number }) => writeln!(text, "inode {device} {number}"),
            None => writeln!(text, "inode {UNKNOWN}"),
        };
        let _ = writeln!(text, "offset {offset}\nstale {}", stale.join(" "));
        let checksum = checksum(&text);
        let _ = writeln!(text, "{CHECKSUM}{checksum}");
        text
    }

    /// Returns the last complete record of a file, with its number.
    fn latest(bytes: &[u8]) -> Option<(u64, Self)> {
        let halves = bytes.chunks(HALF).filter_map(|half| Self::decode(&String::from_utf8_lossy(half)));
        halves.max_by_key(|(number, _)| *number)
    }

    /// Parses the output of [`encode`](Self::encode), and ignores any text after it; returns `None` for anything
    /// else.
    fn decode(text: &str) -> Option<(u64, Self)> {
        let (content, rest) = text.split_at(text.find(CHECKSUM)?);
        let is_whole = rest.strip_prefix(CHECKSUM)?.strip_prefix(&checksum(content))?.starts_with('\n');
        let mut lines = content.split('\n').filter(|_| is_whole);
        lines.next().filter(|line| *line == FIRST_LINE)?;
        let mut value = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        let number = value("number")?.parse().ok()?;
        let token = value("token").filter(|token| is_token(token))?.to_owned();
        let size = value("size")?.parse().ok()?;
        let modified = match value("modified")? {
            UNKNOWN => None,
            time => Some(time.parse().ok()?),
        };
        let inode = match value("inode")? {
            UNKNOWN => None,
            numbers => {
                let (device, number) = numbers.split_once(' ')?;
                Some(Inode { device: device.parse().ok()?, number: number.parse().ok()? })
            }
        };
        let offset = value("offset")?.parse().ok()?;
        let stale: Vec<_> = value("stale")?.split_whitespace().map(str::to_owned).collect();
        let is_valid = stale.len() <= MAX_STALE && stale.iter().all(|token| is_token(token));
        let source = SourceId { size, modified, inode };
        is_valid.then_some((number, Self { token, source, offset, stale }))
    }
}

/// Reads a record, with its number.
async fn read(file: &mut dyn FileHandle) -> Option<(u64, UploadState)> {
    let mut bytes = Vec::new();
    file.take(2 * HALF as u64).read_to_end(&mut bytes).await.ok()?;
    UploadState::latest(&bytes)
}

/// Opens and locks a record, which is empty if it is new.
async fn open_or_create(fs: &dyn FileSystem, path: &Path) -> LocalFsResult<Box<dyn FileHandle>> {
    loop {
        if let Some(file) = open_locked(fs, path).await? {
            return Ok(file);
        }
        if let Some(directory) = path.parent() {
            fs.create_dir(directory, CreateDirOptions { parents: true, exist_ok: true }).await?;
            remove_old(fs, directory).await;
        }
        // Another process may lock it first, and then also remove it.
        match fs.open(path, OpenMode::CreatePrivate).await {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
}

/// The name of a record: a hash, so that it is short and does not show what was uploaded.
pub(crate) fn file_name(host: &Host, target: &RemotePath) -> String {
    let mut key = format!("{}\n{:?}\n", host.name, host.port).into_bytes();
    key.extend_from_slice(target.as_bytes());
    hex(&Sha256::digest(&key), 16)
}

/// Returns the checksum of a record: one half of the file may have the beginning of one record and the end of another.
fn checksum(text: &str) -> String {
    hex(&Sha256::digest(text), 4)
}

fn is_token(text: &str) -> bool {
    text.len() == 2 * TOKEN_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn hex(bytes: &[u8], count: usize) -> String {
    bytes.iter().take(count).map(|byte| format!("{byte:02x}")).collect()
}

/// Removes records of uploads that were never continued, once there are many records.
async fn remove_old(fs: &dyn FileSystem, directory: &Path) {
    let Ok(entries) = fs.read_dir(directory).await else { return };
    if entries.len() < MANY {
        return;
    }
    let mut records = Vec::new();
    for entry in entries {
        if let Ok(found) = fs.metadata(&entry.path).await {
            records.push((found.modified.unwrap_or(SystemTime::UNIX_EPOCH), entry.path));
        }
    }
    records.sort();
    let old = SystemTime::now().checked_sub(MAX_AGE).unwrap_or(SystemTime::UNIX_EPOCH);
    let excess = records.len().saturating_sub(MAX_RECORDS);
    for (number, (modified, path)) in records.into_iter().enumerate() {
        if (number < excess || modified < old)
            && let Ok(Some(_lock)) = open_locked(fs, &path).await
        {
            let _ = fs.remove_file(&path).await;
        }
    }
}

const FIRST_LINE: &str = "oxftp upload 1";
const CHECKSUM: &str = "checksum ";
const UNKNOWN: &str = "unknown";
const TOKEN_BYTES: usize = 4;

/// Maximum number of temporary files of other versions.
const MAX_STALE: usize = 24;

/// Maximum number of uploads to one name at a time that have a record, if they have temporary names.
pub(crate) const MAX_UPLOADS: usize = 4;

/// Bytes of each half of the file. A record has at most 450.
const HALF: usize = 512;

/// The number of records from which old ones are searched for.
const MANY: usize = 64;
const MAX_RECORDS: usize = 1000;
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::local_fs::MemoryFs;

    fn state() -> UploadState {
        let source = SourceId { size: 5, modified: Some(-3), inode: Some(Inode { device: 1, number: 2 }) };
        let stale = ["11d0f2a7", "fedcba98"].map(str::to_owned).into();
        UploadState { token: "0123abcd".to_owned(), source, offset: 4, stale }
    }

    async fn claim(fs: &Arc<dyn FileSystem>, path: &str) -> UploadRecord {
        let host = Host { name: "h".to_owned(), port: Some(21) };
        let token = COUNTER.fetch_add(1, Ordering::Relaxed);
        let token = format!("{token:08}");
        let claimed =
            UploadRecord::claim(fs, Path::new("/records"), &host, &path.into(), &token, MAX_UPLOADS).await;
        claimed.unwrap()
    }

    static COUNTER: AtomicU64 = AtomicU64::new(10);

    #[test]
    fn upload_record_round_trips() {
        let unknown = SourceId { modified: None, inode: None, ..state().source };
        let others =
            [UploadState { source: unknown, ..state() }, UploadState { stale: Vec::new(), ..state() }];
        for state in others.into_iter().chain([state()]) {
            assert_eq!(UploadState::decode(&(state.encode(7) + "garbage")), Some((7, state)));
        }
    }

    #[test]
    fn truncated_upload_record_is_ignored() {
        let text = state().encode(1);
        for end in 0..text.len() - 1 {
            assert_eq!(UploadState::decode(&text[..end]), None, "{end}");
        }
        assert_eq!(UploadState::decode(&text.replace("0123abcd", "../../xy")), None);
    }

    #[test]
    fn torn_upload_record_leaves_earlier_one() {
        let longest = SourceId {
            size: u64::MAX,
            modified: Some(i128::MIN),
            inode: Some(Inode { device: u64::MAX, number: u64::MAX }),
        };
        let full = vec!["0123abcd".to_owned(); MAX_STALE];
        let longest = UploadState { source: longest, offset: u64::MAX, stale: full, ..state() };
        assert!(longest.encode(u64::MAX).len() < HALF);

        let (first, second) = (longest.encode(1), state().encode(2));
        let third = UploadState { token: "99999999".to_owned(), ..longest }.encode(3);
        for end in 0..third.len() - 1 {
            let mut torn = vec![0; 2 * HALF];
            torn[..first.len()].copy_from_slice(first.as_bytes());
            torn[HALF..][..second.len()].copy_from_slice(second.as_bytes());
            torn[..end].copy_from_slice(&third.as_bytes()[..end]);

            assert_eq!(UploadState::latest(&torn), Some((2, state())), "{end}");
            assert_eq!(UploadState::latest(&third.as_bytes()[..end]), None, "{end}");
        }
    }

    #[tokio::test]
    async fn upload_record_is_found_until_removed() {
        let fs: Arc<dyn FileSystem> = Arc::new(MemoryFs::new());
        let mut record = claim(&fs, "a").await;
        assert_eq!(record.found(), None);
        record.save(state().source, 7).await;
        record.save(state().source, 0).await;
        let record_token = record.token().to_owned();
        drop(record);

        let found = claim(&fs, "a").await;
        assert_eq!(
            found.found(),
            Some(&UploadState { token: record_token, offset: 0, stale: Vec::new(), ..state() })
        );
        assert_eq!(claim(&fs, "b").await.found(), None);
        found.remove().await;

        assert_eq!(claim(&fs, "a").await.found(), None);
    }

    /// Two processes upload to one name, and are killed.
    #[tokio::test]
    async fn records_of_killed_simultaneous_uploads_are_found() {
        let local = tempfile::tempdir().unwrap();
        let fs: Arc<dyn FileSystem> = Arc::new(crate::local_fs::LocalFs::new());
        let (host, target) = (Host { name: "h".to_owned(), port: None }, RemotePath::from("a"));
        let claim = async |token: &str| {
            UploadRecord::claim(&fs, local.path(), &host, &target, token, MAX_UPLOADS).await.unwrap()
        };
        // None of them exists yet.
        let mut running = [claim("00000001").await, claim("00000002").await, claim("00000003").await];
        for record in &mut running {
            record.save(state().source, 0).await;
        }
        assert_eq!(fs.read_dir(local.path()).await.unwrap().len(), 3);
        let [first, second, third] = running;
        drop((first, second));
        third.remove().await;

        let mut next = claim("00000004").await;

        assert_eq!(next.token(), "00000001");
        assert_eq!(next.renew_token(Some(state().source), "00000005"), ["00000002"]);
        next.remove().await;
        assert_eq!(fs.read_dir(local.path()).await.unwrap().len(), 0);
    }

    #[tokio::test]
    async fn number_of_upload_records_is_bounded() {
        let fs: Arc<dyn FileSystem> = Arc::new(MemoryFs::new());
        for number in 0..MAX_RECORDS + 5 {
            claim(&fs, &number.to_string()).await.save(state().source, 0).await;
        }

        let left = fs.read_dir(Path::new("/records")).await.unwrap().len();

        assert!(left <= MAX_RECORDS + 1, "{left}");
    }
}
