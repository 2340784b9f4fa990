//! Name that a server chose for an upload (`STOU`; RFC 959, 4.1.3; RFC 1123, 4.1.2.9).

use memchr::memmem;

use crate::{Encoding, FileName, NameError, Reply};

/// Reads the name of a unique file from a reply: `150 FILE: name`, or the final reply of BSD's server and its
/// descendants, `226 Transfer complete (unique file name:name).`
///
/// If the path is absolute, its last component is returned, because such a file is created in the working directory.
/// The result is `None` when the reply contains no name.
///
/// ```
/// use oxftp_proto::{Code, Encoding, Reply, parse_stou_name};
///
/// let reply = Reply::new(Code::new(150).unwrap(), [&b"FILE: stou.17"[..]]);
/// assert_eq!(parse_stou_name(&reply, Encoding::UTF_8)?.unwrap().as_str(), Some("stou.17"));
/// # Ok::<(), oxftp_proto::NameError>(())
/// ```
///
/// # Errors
///
/// [`NameError`] when the name is not that of a file in the working directory.
pub fn parse_stou_name(reply: &Reply, encoding: Encoding) -> Result<Option<FileName>, NameError> {
    let Some(path) = reply.lines().find_map(named_in) else { return Ok(None) };
    let name = match path {
        [b'/', ..] => path.rsplit(|byte| *byte == b'/').next().unwrap_or_default(),
        _ => path,
    };
    FileName::from_wire(name, encoding).map(Some)
}

fn named_in(line: &[u8]) -> Option<&[u8]> {
    if let Some(at) = memmem::find(line, UNIQUE) {
        let tail = line.get(at + UNIQUE.len()..)?;
        let end = memchr::memrchr(b')', tail).unwrap_or(tail.len());
        return tail.get(..end).map(<[u8]>::trim_ascii);
    }
    let at = memmem::find(line, FILE)?;
    line.get(at + FILE.len()..).map(<[u8]>::trim_ascii)
}

const FILE: &[u8] = b"FILE: ";
const UNIQUE: &[u8] = b"unique file name:";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn name(line: &str) -> Result<Option<String>, NameError> {
        let reply = Reply::new(Code::new(150).unwrap(), [line.as_bytes()]);
        let name = parse_stou_name(&reply, Encoding::UTF_8)?;
        Ok(name.map(|name| name.to_string()))
    }

    #[test]
    fn stou_reply_names_are_parsed() {
        for line in [
            "FILE: a b.1",
            "Ok to send data, FILE: a b.1 ",
            "FILE: /home/ann/a b.1",
            "Transfer complete (unique file name:a b.1).",
        ] {
            assert_eq!(name(line).unwrap().as_deref(), Some("a b.1"), "{line}");
        }
    }

    #[test]
    fn stou_reply_may_lack_a_name() {
        assert_eq!(name("Opening data connection."), Ok(None));
    }

    #[test]
    fn stou_name_with_traversal_is_refused() {
        for line in ["FILE: ../x", "FILE: sub/x", "FILE: ..", "FILE: ", "FILE: /pub/", "(unique file name:)."]
        {
            assert!(name(line).is_err(), "{line}");
        }
    }
}
