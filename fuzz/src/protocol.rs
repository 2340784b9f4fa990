//! Replies, and what they carry.

use oxftp_proto::{
    Code, DecodeError, Encoding, Features, FileName, Limits, Platform, RemotePath, Reply, ReplyDecoder,
    Timestamp,
    address::{format_port, parse_epsv, parse_pasv},
    parse_directory,
};

/// Checks that a stream gives the same replies in whatever pieces it comes, none beyond the limits.
pub fn check_replies(input: &[u8]) {
    let Some((size, stream)) = input.split_first() else { return };
    let limits = small_limits();
    let (replies, end) = decode(std::iter::once(stream), &limits);

    assert_eq!(decode(cut(stream, *size), &limits), (replies.clone(), end));
    for reply in &replies {
        assert!(reply.lines().len() <= limits.reply_lines);
        assert!(reply.lines().map(<[u8]>::len).sum::<usize>() <= limits.reply_bytes);
        let _ =
            (reply.to_string(), reply.text(), reply.directory(Encoding::UTF_8), Features::from_reply(reply));
    }
}

/// Checks the addresses in replies to `PASV` and `EPSV`.
pub fn check_addresses(line: &[u8]) {
    if let Ok(address) = parse_pasv(line) {
        assert_ne!(address.port(), 0);
        assert_eq!(parse_pasv(format_port(address).as_bytes()), Ok(address));
    }
    if let Ok(port) = parse_epsv(line) {
        assert_ne!(port, 0);
        assert_eq!(parse_epsv(format!("(|||{port}|)").as_bytes()), Ok(port));
    }
}

/// Checks the path in a reply to `PWD`.
pub fn check_directory(line: &[u8]) {
    for encoding in encodings() {
        let Some(path) = parse_directory(line, encoding) else { continue };
        let sent = path.to_wire(encoding).expect("what came can be sent");
        assert!(sent.len() <= line.len());

        // As a server that doubles quotes spells the path.
        let quoted = [b"\"", &*doubled(&sent), b"\" is here"].concat();
        assert_eq!(parse_directory(&quoted, encoding), Some(path));
    }
}

/// Checks the features in a reply to `FEAT`.
pub fn check_features(text: &[u8]) {
    let code = Code::new(211).expect("a code");
    let reply = Reply::new(code, text.split(|&byte| byte == b'\n'));
    let features = Features::from_reply(&reply);

    assert!(features.iter().count() <= reply.lines().len().saturating_sub(2));
    for (name, parameters) in features.iter() {
        assert!(!name.is_empty() && !name.contains(' '), "{name:?}");
        assert_eq!(parameters, parameters.trim());
        assert!(features.contains(&name.to_ascii_lowercase()), "{name:?}");
    }
}

/// Checks the time in a reply to `MDTM`, and in facts.
pub fn check_time(text: &[u8]) {
    let Ok(time) = Timestamp::parse_mlsx(text) else { return };
    let again = Timestamp::parse_mlsx(time.to_mlsx().as_bytes()).expect("what is written can be read");

    assert_eq!(again.to_unix(0), time.to_unix(0));
    assert!(!time.to_string().is_empty());
    assert_eq!(time.to_utc(3600).map(|utc| utc.to_unix(0)), Some(time.to_unix(0)));
}

/// Checks that a name stays in its directory and goes back to the server as it came.
pub fn check_name(bytes: &[u8]) {
    for encoding in encodings() {
        let Ok(name) = FileName::from_wire(bytes, encoding) else { continue };
        assert!(!bytes.iter().any(|byte| b"/\r\n\0".contains(byte)), "{name:?}");
        assert!(![&b""[..], b".", b".."].contains(&bytes), "{name:?}");
        let _ = name.local(Platform::Windows);

        let path = RemotePath::from("").join_in(&name, encoding);
        assert_eq!(path.to_wire(encoding).as_deref(), Some(bytes));
        assert_eq!(RemotePath::from_wire(bytes, encoding).to_wire(encoding).as_deref(), Some(bytes));
    }
}

/// Cuts a stream into pieces of a size that the first byte of an input chooses.
pub(crate) fn cut(stream: &[u8], size: u8) -> impl Iterator<Item = &[u8]> {
    stream.chunks(usize::from(size % 16) + 1)
}

/// Gives the replies, and the kind of the error that ends them.
fn decode<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    limits: &Limits,
) -> (Vec<Reply>, Option<std::mem::Discriminant<DecodeError>>) {
    let mut decoder = ReplyDecoder::new(limits);
    let mut replies = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_reply() {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(error) => return (replies, Some(std::mem::discriminant(&error))),
            }
        }
    }
    (replies, None)
}

/// Limits that an input of some hundred bytes can reach.
fn small_limits() -> Limits {
    let mut limits = Limits::default();
    (limits.reply_line, limits.reply_bytes, limits.reply_lines) = (64, 256, 8);
    limits
}

fn encodings() -> impl Iterator<Item = Encoding> {
    ["utf-8", "latin1", "gb18030", "shift_jis"].into_iter().filter_map(|label| label.parse().ok())
}

fn doubled(path: &[u8]) -> Vec<u8> {
    path.iter().flat_map(|&byte| std::iter::repeat_n(byte, if byte == b'"' { 2 } else { 1 })).collect()
}
