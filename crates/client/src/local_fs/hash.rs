//! Hashing of local files.

use std::path::Path;

use bytes::BytesMut;
use oxftp_proto::{FileHash, HashAlgorithm};
use sha2::Digest;
use tokio::io::AsyncReadExt;

use super::{FileSystem, OpenMode};
use crate::{Error, Result, error::local_fs::LocalFsError};

/// Computes the hash of a local file.
///
/// ```
/// use oxftp::{HashAlgorithm, hash_file, local_fs::LocalFs};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("x");
/// # std::fs::write(&path, b"hello world")?;
/// let hash = hash_file(&LocalFs::new(), &path, HashAlgorithm::Sha256).await?;
/// assert!(hash.to_string().starts_with("b94d27b9934d3e08"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::LocalFs`] if the file cannot be read; [`Error::Unsupported`] if the algorithm is not
/// implemented; [`Error::FeatureMissing`] for CRC32, MD5 and SHA-1 without the feature `hashes`.
pub async fn hash_file(
    fs: &dyn FileSystem,
    path: impl AsRef<Path>,
    algorithm: HashAlgorithm,
) -> Result<FileHash> {
    hash_start(fs, path.as_ref(), algorithm, u64::MAX).await
}

/// Computes the hash of at most this many bytes from the start of a local file.
pub(crate) async fn hash_start(
    fs: &dyn FileSystem,
    path: &Path,
    algorithm: HashAlgorithm,
    length: u64,
) -> Result<FileHash> {
    let mut hasher = Hasher::new(algorithm)?;
    let mut file = fs.open(path, OpenMode::Read).await?.take(length);
    let mut block = BytesMut::with_capacity(BLOCK_SIZE);
    let failed = |source| LocalFsError::new("read", path, source);
    while file.read_buf(&mut block).await.map_err(failed)? > 0 {
        hasher.update(&block);
        block.clear();
    }
    let hash = FileHash::new(algorithm, hasher.finish());
    hash.ok_or(Error::Unsupported { what: "hash of that length" })
}

pub(crate) enum Hasher {
    #[cfg(feature = "hashes")]
    Crc32(crc32fast::Hasher),
    #[cfg(feature = "hashes")]
    Md5(md5::Md5),
    #[cfg(feature = "hashes")]
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Hasher {
    pub(crate) fn new(algorithm: HashAlgorithm) -> Result<Self> {
        Ok(match algorithm {
            #[cfg(feature = "hashes")]
            HashAlgorithm::Crc32 => Self::Crc32(crc32fast::Hasher::new()),
            #[cfg(feature = "hashes")]
            HashAlgorithm::Md5 => Self::Md5(md5::Md5::new()),
            #[cfg(feature = "hashes")]
            HashAlgorithm::Sha1 => Self::Sha1(sha1::Sha1::new()),
            #[cfg(not(feature = "hashes"))]
            HashAlgorithm::Crc32 | HashAlgorithm::Md5 | HashAlgorithm::Sha1 => {
                return Err(Error::FeatureMissing { what: "this hash algorithm", feature: "hashes" });
            }
            HashAlgorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
            HashAlgorithm::Sha512 => Self::Sha512(sha2::Sha512::new()),
            _ => return Err(Error::Unsupported { what: "supported hash algorithm" }),
        })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            #[cfg(feature = "hashes")]
            Self::Crc32(hasher) => hasher.update(bytes),
            #[cfg(feature = "hashes")]
            Self::Md5(hasher) => hasher.update(bytes),
            #[cfg(feature = "hashes")]
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            #[cfg(feature = "hashes")]
            Self::Crc32(hasher) => hasher.finalize().to_be_bytes().to_vec(),
            #[cfg(feature = "hashes")]
            Self::Md5(hasher) => hasher.finalize().to_vec(),
            #[cfg(feature = "hashes")]
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

pub(crate) const BLOCK_SIZE: usize = 256 * 1024;

#[cfg(all(test, feature = "hashes"))]
mod tests {
    use super::*;
    use crate::local_fs::LocalFs;

    #[tokio::test]
    async fn file_hashes_match_test_vectors() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        std::fs::write(&path, b"hello world").unwrap();

        for (algorithm, start) in [
            (HashAlgorithm::Crc32, "0d4a1185"),
            (HashAlgorithm::Md5, "5eb63bbbe01eeed093cb22bb8f5acdc3"),
            (HashAlgorithm::Sha1, "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"),
            (HashAlgorithm::Sha256, "b94d27b9934d3e08"),
            (HashAlgorithm::Sha512, "309ecc489c12d6eb"),
        ] {
            let hash = hash_file(&LocalFs::new(), &path, algorithm).await.unwrap();
            assert!(hash.to_string().starts_with(start), "{algorithm}: {hash}");
        }
    }
}
