//! Lists of checksums, as `sha256sum`, `md5sum` and BSD's `sha256` write them.

use oxftp::{FileHash, HashAlgorithm};

/// The files of a list, with their checksums.
#[derive(Debug)]
pub(crate) struct ChecksumList {
    pub(crate) entries: Vec<(Vec<u8>, FileHash)>,
}

impl ChecksumList {
    /// Parses a list; fails with the number of the first line that is not understood.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, usize> {
        let mut entries = Vec::new();
        for (number, line) in (1_usize..).zip(text.split(|byte| *byte == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() || line.starts_with(b"#") || line.starts_with(b";") {
                continue;
            }
            entries.push(entry(line).ok_or(number)?);
        }
        Ok(Self { entries })
    }
}

fn entry(line: &[u8]) -> Option<(Vec<u8>, FileHash)> {
    // GNU marks names with escaped characters by a backslash.
    let (line, escaped) = line.strip_prefix(b"\\").map_or((line, false), |line| (line, true));
    let (name, hash) = of_gnu(line).or_else(|| of_bsd(line))?;
    let name = if escaped { unescaped(name) } else { name.to_vec() };
    let name = name.strip_prefix(b"./").unwrap_or(&name).to_vec();
    (!name.is_empty()).then_some((name, hash))
}

/// `DIGITS  name`, or `DIGITS *name`.
fn of_gnu(line: &[u8]) -> Option<(&[u8], FileHash)> {
    let end = line.iter().position(|byte| *byte == b' ')?;
    let (digits, rest) = line.split_at(end);
    let name = rest.get(1..)?;
    let name = name.strip_prefix(b" ").or_else(|| name.strip_prefix(b"*")).unwrap_or(name);
    Some((name, hash(str::from_utf8(digits).ok()?)?))
}

/// `SHA256 (name) = DIGITS`.
fn of_bsd(line: &[u8]) -> Option<(&[u8], FileHash)> {
    let open = line.windows(2).position(|pair| pair == b" (")?;
    let close = line.windows(4).rposition(|four| four == b") = ")?;
    let digits = str::from_utf8(line.get(close + 4..)?).ok()?;
    Some((line.get(open + 2..close)?, hash(digits)?))
}

/// Returns the hash; its length determines the algorithm.
fn hash(digits: &str) -> Option<FileHash> {
    let algorithm = match digits.len() {
        8 => HashAlgorithm::Crc32,
        32 => HashAlgorithm::Md5,
        40 => HashAlgorithm::Sha1,
        64 => HashAlgorithm::Sha256,
        128 => HashAlgorithm::Sha512,
        _ => return None,
    };
    FileHash::from_hex(algorithm, digits)
}

fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match (byte, byte == &b'\\') {
            (_, true) => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(other) => *other,
                None => b'\\',
            },
            (other, false) => *other,
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_lists_of_gnu_and_bsd_are_read() {
        let (md5, sha) = ("d41d8cd98f00b204e9800998ecf8427e", "a".repeat(64));
        let text = format!("# list\n{md5}  a b\r\n{sha} *./dir/x\nSHA256 (y (1)) = {sha}\n\\{md5}  q\\\\n\n");

        let list = ChecksumList::parse(text.as_bytes()).unwrap();

        let names: Vec<_> = list.entries.iter().map(|(name, _)| String::from_utf8_lossy(name)).collect();
        assert_eq!(names, ["a b", "dir/x", "y (1)", "q\\n"]);
        assert_eq!(list.entries[0].1.algorithm(), HashAlgorithm::Md5);
        assert_eq!(list.entries[1].1.to_string(), sha);
        assert_eq!(ChecksumList::parse(b"\nhello world\n").unwrap_err(), 2);
    }
}
