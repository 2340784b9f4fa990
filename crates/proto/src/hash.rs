//! File hashes: the algorithms that a server offers, the command for each, and the formats of the replies.
//!
//! Hashing of local files is the client's task.

use std::{cmp::Reverse, fmt, str::FromStr};

use crate::{Command, Encoding, Features, InvalidCommand, RemotePath, Reply};

/// Hash algorithm, ordered from the weakest to the strongest.
///
/// ```
/// use oxftp_proto::HashAlgorithm;
///
/// assert_eq!("sha256".parse(), Ok(HashAlgorithm::Sha256));
/// assert_eq!(HashAlgorithm::Sha256.to_string(), "SHA-256");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// CRC-32: detects accidental damage, but no deliberate change.
    Crc32,
    /// MD5 (RFC 1321): collisions can be constructed.
    Md5,
    /// SHA-1 (RFC 3174): collisions can be constructed.
    Sha1,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-512 (FIPS 180-4).
    Sha512,
}

impl HashAlgorithm {
    /// Every algorithm, weakest first.
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512];

    /// Returns the name used by `HASH`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }

    /// Returns the length of the hash in bytes.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Crc32 => 4,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Commands for this algorithm alone.
    const fn own_verbs(self) -> &'static [&'static str] {
        match self {
            Self::Crc32 => &["XCRC"],
            Self::Md5 => &["XMD5", "MD5"],
            Self::Sha1 => &["XSHA1", "XSHA"],
            Self::Sha256 => &["XSHA256"],
            Self::Sha512 => &["XSHA512"],
        }
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for HashAlgorithm {
    type Err = UnknownHash;

    /// Parses a name; case and dashes are ignored.
    fn from_str(name: &str) -> Result<Self, UnknownHash> {
        let plain = |name: &str| name.replace('-', "").to_ascii_uppercase();
        let wanted = plain(name.trim());
        let known = Self::ALL.into_iter().find(|algorithm| plain(algorithm.name()) == wanted);
        known.ok_or_else(|| UnknownHash { name: name.to_owned() })
    }
}

/// A text that is neither the name nor the value of a hash of a known algorithm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is none of crc32, md5, sha-1, sha-256 and sha-512")]
pub struct UnknownHash {
    /// The text.
    pub name: String,
}

/// Hash of a file. `Display` writes lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileHash {
    algorithm: HashAlgorithm,
    bytes: Vec<u8>,
}

impl FileHash {
    /// Creates a hash from its bytes, or `None` when the length does not fit the algorithm.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm, bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let bytes = bytes.into();
        (bytes.len() == algorithm.length()).then_some(Self { algorithm, bytes })
    }

    /// Returns the algorithm.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// Returns the bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Parses a word of hexadecimal digits in either case; `None` when it has another length.
    #[must_use]
    pub fn from_hex(algorithm: HashAlgorithm, word: &str) -> Option<Self> {
        let digits =
            word.bytes().map(|digit| char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok()));
        let digits: Vec<u8> = digits.collect::<Option<_>>()?;
        let pairs = digits.chunks(2).filter_map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        });
        Self::new(algorithm, pairs.collect::<Vec<u8>>()).filter(|_| digits.len() == algorithm.length() * 2)
    }
}

impl FromStr for FileHash {
    type Err = UnknownHash;

    /// Parses hexadecimal digits, as `sha256sum` prints them; their number determines the algorithm.
    ///
    /// ```
    /// use oxftp_proto::{FileHash, HashAlgorithm};
    ///
    /// let hash: FileHash = "d41d8cd98f00b204e9800998ecf8427e".parse()?;
    /// assert_eq!(hash.algorithm(), HashAlgorithm::Md5);
    /// # Ok::<(), oxftp_proto::UnknownHash>(())
    /// ```
    fn from_str(digits: &str) -> Result<Self, UnknownHash> {
        let digits = digits.trim();
        let fitting = HashAlgorithm::ALL.into_iter().find(|algorithm| algorithm.length() * 2 == digits.len());
        let hash = fitting.and_then(|algorithm| Self::from_hex(algorithm, digits));
        hash.ok_or_else(|| UnknownHash { name: digits.to_owned() })
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A hash that a server offers, with the command for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashOffer {
    algorithm: HashAlgorithm,
    verb: &'static str,
}

impl HashOffer {
    /// Returns the algorithms that a server offers by `HASH` (draft-bryan-ftpext-hash), `XCRC`, `XMD5`, `XSHA`,
    /// `XSHA1`, `XSHA256`, `XSHA512` and `MD5` (draft-twine-ftpmd5), strongest first.
    #[must_use]
    pub fn all(features: &Features) -> Vec<Self> {
        let by_hash = hash_parameter(features).filter_map(|(algorithm, _)| algorithm);
        let mut offers: Vec<Self> = by_hash.map(|algorithm| Self { algorithm, verb: "HASH" }).collect();
        for algorithm in HashAlgorithm::ALL {
            let verbs = algorithm.own_verbs().iter().filter(|verb| features.contains(verb));
            offers.extend(verbs.map(|verb| Self { algorithm, verb }));
        }
        offers.sort_by_key(|offer| Reverse(offer.algorithm));
        offers
    }

    /// Returns the algorithm that `HASH` uses before any `OPTS HASH`: the one marked with an asterisk.
    #[must_use]
    pub fn selected(features: &Features) -> Option<HashAlgorithm> {
        hash_parameter(features).find_map(|(algorithm, selected)| algorithm.filter(|_| selected))
    }

    /// Returns the algorithm.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// Returns whether `OPTS HASH` must select the algorithm first.
    #[must_use]
    pub fn needs_selection(&self) -> bool {
        self.verb == "HASH"
    }

    /// Returns the name of the command.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        self.verb
    }

    /// Creates the command for a file. The path of an `X` command is quoted, because these commands take more
    /// arguments, unless the path itself contains a quote.
    ///
    /// # Errors
    ///
    /// [`InvalidCommand`] when the path cannot be sent.
    pub fn command(&self, path: &RemotePath, encoding: Encoding) -> Result<Command, InvalidCommand> {
        let quoted = self.verb.starts_with('X') && !path.as_bytes().contains(&b'"');
        match path.to_wire(encoding) {
            Some(bytes) if quoted => Command::with_argument(self.verb, [b"\"", &*bytes, b"\""].concat()),
            _ => Command::with_path(self.verb, path, encoding),
        }
    }

    /// Reads the hash from a reply. `None` when it contains none, or only one of a part of the file.
    ///
    /// ```
    /// use oxftp_proto::{Code, Features, HashOffer, Reply};
    ///
    /// let lines = [&b"Features:"[..], b" XCRC", b"End"];
    /// let offer = HashOffer::all(&Features::from_reply(&Reply::new(Code::new(211).unwrap(), lines)))[0];
    /// let reply = Reply::new(Code::new(250).unwrap(), [&b"0D4A1185"[..]]);
    /// assert_eq!(offer.read(&reply).unwrap().to_string(), "0d4a1185");
    /// ```
    #[must_use]
    pub fn read(&self, reply: &Reply) -> Option<FileHash> {
        let line = String::from_utf8_lossy(reply.last_line());
        let mut hashes = words(&line).filter_map(|word| FileHash::from_hex(self.algorithm, word));
        match self.verb {
            "HASH" => self.read_hash(&line),
            // The path precedes the hash, and may look like one.
            "MD5" => hashes.next_back(),
            "XCRC" => hashes.next().or_else(|| short_crc(&line)),
            _ => hashes.next(),
        }
    }

    /// Reads `SHA-256 0-49 6169…fd98 name`: algorithm, range, hash, path.
    fn read_hash(&self, line: &str) -> Option<FileHash> {
        let mut words = line.split_ascii_whitespace();
        let (algorithm, range, hash) = (words.next()?, words.next()?, words.next()?);
        let whole = range.starts_with("0-") && algorithm.parse() == Ok(self.algorithm);
        FileHash::from_hex(self.algorithm, hash).filter(|_| whole)
    }
}

/// Returns the algorithms in `HASH SHA-256*;SHA-1`, and which of them is selected.
fn hash_parameter(features: &Features) -> impl Iterator<Item = (Option<HashAlgorithm>, bool)> {
    let algorithms = features.parameters("HASH").unwrap_or_default().split(';');
    algorithms.map(|name| {
        let plain = name.trim().trim_end_matches('*');
        (plain.parse().ok(), name.contains('*'))
    })
}

/// Iterates over the words that may be a hash: everything between blanks, quotes and signs.
fn words(line: &str) -> impl DoubleEndedIterator<Item = &str> {
    line.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// Some servers omit the leading zeros of a checksum. It is accepted only if it is the whole text.
fn short_crc(line: &str) -> Option<FileHash> {
    let mut words = words(line);
    let (word, None) = (words.next()?, words.next()) else { return None };
    FileHash::from_hex(HashAlgorithm::Crc32, &format!("{word:0>8}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    const MD5: &str = "5eb63bbbe01eeed093cb22bb8f5acdc3";
    const SHA1: &str = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed";

    fn features(lines: &[&str]) -> Features {
        let lines = [&["Features:"], lines, &["End"]].concat();
        Features::from_reply(&Reply::new(Code::new(211).unwrap(), lines.iter().map(|line| line.as_bytes())))
    }

    fn read(feature: &str, algorithm: HashAlgorithm, line: &str) -> Option<String> {
        let offers = HashOffer::all(&features(&[feature]));
        let offer = offers.iter().find(|offer| offer.algorithm == algorithm).unwrap();
        let reply = Reply::new(Code::new(250).unwrap(), [&b"Computing"[..], line.as_bytes()]);
        offer.read(&reply).map(|hash| hash.to_string())
    }

    #[test]
    fn strongest_hash_comes_first() {
        let features = features(&["HASH CRC32;SHA-1*;SHA-256;X-OTHER", "XSHA256", "XMD5", "MD5"]);

        let offers: Vec<_> =
            HashOffer::all(&features).iter().map(|offer| (offer.algorithm.name(), offer.verb)).collect();

        assert_eq!(
            offers,
            [
                ("SHA-256", "HASH"),
                ("SHA-256", "XSHA256"),
                ("SHA-1", "HASH"),
                ("MD5", "XMD5"),
                ("MD5", "MD5"),
                ("CRC32", "HASH")
            ]
        );
        assert_eq!(HashOffer::selected(&features), Some(HashAlgorithm::Sha1));
    }

    #[test]
    fn a_server_without_hashes_offers_none() {
        assert_eq!(HashOffer::all(&features(&["SIZE"])), []);
        assert_eq!(HashOffer::selected(&features(&["HASH X-OTHER*"])), None);
    }

    #[test]
    fn hash_replies_of_real_servers_are_parsed() {
        let upper = MD5.to_uppercase();
        for line in [upper.clone(), format!("\"{MD5}\""), format!("{MD5} a.txt"), format!("XMD5: {upper}.")] {
            assert_eq!(read("XMD5", HashAlgorithm::Md5, &line).as_deref(), Some(MD5), "{line}");
        }
        for line in [format!("a b.txt {upper}"), format!("\"{}\" {MD5}", "0".repeat(32))] {
            assert_eq!(read("MD5", HashAlgorithm::Md5, &line).as_deref(), Some(MD5), "{line}");
        }
        let line = format!("SHA-1 0-11 {SHA1} {}", "0".repeat(40));
        assert_eq!(read("HASH SHA-1*", HashAlgorithm::Sha1, &line).as_deref(), Some(SHA1));
        assert_eq!(read("XCRC", HashAlgorithm::Crc32, "D4A1185").as_deref(), Some("0d4a1185"));
    }

    #[test]
    fn hash_of_partial_file_is_ignored() {
        for line in
            ["", "done", &SHA1[1..], &format!("SHA-1 5-11 {SHA1} x"), &format!("SHA-256 0-11 {SHA1} x")]
        {
            assert_eq!(read("HASH SHA-1*", HashAlgorithm::Sha1, line), None, "{line}");
        }
        for line in ["", "1234567890", "file not hashed", "zz"] {
            assert_eq!(read("XCRC", HashAlgorithm::Crc32, line), None, "{line}");
        }
    }

    #[test]
    fn path_of_x_command_is_quoted() {
        let command = |feature: &str, path: &str| {
            let offer = HashOffer::all(&features(&[feature]))[0];
            offer.command(&path.into(), Encoding::UTF_8).unwrap().to_string()
        };
        assert_eq!(command("XMD5", "a b"), "XMD5 \"a b\"");
        assert_eq!(command("XMD5", "a\"b"), "XMD5 a\"b");
        assert_eq!(command("MD5", "a b"), "MD5 a b");
        assert_eq!(command("HASH MD5*", " a"), "HASH ./ a");
    }

    proptest::proptest! {
        #[test]
        fn hash_parser_never_panics(line: Vec<u8>) {
            let reply = Reply::new(Code::new(250).unwrap(), [&line[..]]);
            for offer in HashOffer::all(&features(&["HASH SHA-1*;CRC32", "XCRC", "XMD5", "MD5"])) {
                let _ = offer.read(&reply);
            }
        }
    }
}
