//! Invariants of replies and their contents.

use oxftp_proto::{
    Code, DecodeError, Encoding, Features, FileName, Limits, PathStyleHints, Platform, RemotePath, Reply,
    ReplyDecoder, Timestamp,
    address::{format_port, parse_epsv, parse_pasv},
    classify::{self, Presence},
    parse_directory,
    server::{Quirks, ServerKind},
};

/// Checks that a stream decodes to the same replies in pieces of any size, none above the limits, and that a silence
/// after any piece breaks nothing.
pub fn check_replies(input: &[u8]) {
    let Some((size, stream)) = input.split_first() else { return };
    let limits = small_limits();
    let decoded = decode(std::iter::once(stream), &limits, false);

    assert_eq!(decode(cut(stream, *size), &limits, false), decoded);
    let (replies, _) = decoded;
    let (with_silences, _) = decode(cut(stream, *size), &limits, true);
    for reply in replies.iter().chain(&with_silences) {
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
        let sent = path.to_wire(encoding).expect("a received path can be sent");
        assert!(sent.len() <= line.len());

        // The path as spelled by a server that doubles quotes.
        let quoted = [b"\"", &*doubled(&sent), b"\" is here"].concat();
        assert_eq!(parse_directory(&quoted, encoding), Some(path.clone()));
        check_style(&path);
    }
}

/// Checks that the style of a working directory splits its path into parts of it.
fn check_style(directory: &RemotePath) {
    let hints = PathStyleHints { directory: Some(directory), ..PathStyleHints::default() };
    let style = hints.style().unwrap_or_default();
    let name = FileName::new("NAME").expect("a name");
    let route = style.route(&directory.join(&name));
    assert_eq!(route.name, RemotePath::from(&name));
    assert_eq!(style.file_name(&style.join(directory, &name)), Some(name));
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

/// Checks that the classes of a reply exclude each other where they must.
pub fn check_classes(input: &[u8]) {
    let Some((code, text)) = input.split_at_checked(3) else { return };
    let code = std::str::from_utf8(code).ok().and_then(|code| code.parse().ok());
    let Some(code) = code else { return };
    let reply = Reply::new(code, text.split(|&byte| byte == b'\n'));

    assert!(!(classify::is_not_found(&reply) && classify::is_permission_denied(&reply)));
    assert!(!(classify::is_bad_credentials(&reply) && classify::is_connection_limit(&reply)));
    assert!(!classify::is_conflict(&reply) || reply.code() == Code::FILE_UNAVAILABLE);
    assert!(!classify::requires_tls(&reply) || reply.code().class() >= 4);
    assert!(!classify::is_unknown_command(&reply) || classify::rejects_mlsd(&reply));
    assert!(!classify::is_out_of_space(&reply) || classify::is_permanent(&reply));
    assert!(!(classify::is_empty_listing(&reply) && classify::rejects_mlsd(&reply)));
    assert!(!(classify::rejects_mlsd(&reply) && classify::may_reject_mlsd(&reply)));
    assert!(!(classify::is_empty_listing(&reply) && classify::may_reject_mlsd(&reply)));
    assert!(!classify::is_connection_limit(&reply) || classify::is_connection_limit_at_greeting(&reply));
    assert!(!(classify::is_file_busy(&reply) && classify::is_not_found(&reply)));
    assert!(!(classify::is_file_busy(&reply) && classify::is_permission_denied(&reply)));
    assert!(!classify::is_file_busy(&reply) || classify::is_upload_blocked(&reply));
    let presence = classify::presence(&reply);
    assert_eq!(presence == Presence::Missing, classify::is_not_found(&reply));
    let _ = (
        classify::requires_pret(&reply),
        classify::rejects_argument(&reply),
        classify::is_listing_truncated(&reply),
        classify::is_fatal_oops(&reply),
    );
}

/// Checks that a server is identified in any letter case, and that only known servers have quirks. The first line is
/// the greeting, the rest the reply to `SYST`.
pub fn check_server(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let (greeting, system) =
        text.split_once('\n').map_or((&*text, None), |(greeting, system)| (greeting, Some(system)));
    let kind = ServerKind::identify(greeting, system);

    let upper = |text: &str| text.to_ascii_uppercase();
    assert_eq!(ServerKind::identify(&upper(greeting), system.map(upper).as_deref()), kind);
    assert_eq!(kind == ServerKind::Other, kind.quirks() == Quirks::default());
}

/// Checks the time in a reply to `MDTM`, and in facts.
pub fn check_time(text: &[u8]) {
    let Ok(time) = Timestamp::parse_mlsx(text) else { return };
    let again = Timestamp::parse_mlsx(time.to_mlsx().as_bytes()).expect("a formatted time can be parsed");

    assert_eq!(again.to_unix(0), time.to_unix(0));
    assert!(!time.to_string().is_empty());
    assert_eq!(time.to_utc(3600).map(|utc| utc.to_unix(0)), Some(time.to_unix(0)));
}

/// Checks that a name remains in its directory and is sent back to the server unchanged.
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

/// Cuts a stream into pieces of a size given by the first byte of an input.
pub(crate) fn cut(stream: &[u8], size: u8) -> impl Iterator<Item = &[u8]> {
    stream.chunks(usize::from(size % 16) + 1)
}

/// Returns the replies, and the kind of the error after them. The tentative replies are taken after each piece, or
/// after the last one only.
fn decode<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    limits: &Limits,
    silences: bool,
) -> (Vec<Reply>, Option<std::mem::Discriminant<DecodeError>>) {
    let mut decoder = ReplyDecoder::new(limits);
    let mut replies = Vec::new();
    for piece in pieces {
        if silences {
            replies.extend(tentative_reply(&mut decoder));
        }
        decoder.feed(piece);
        loop {
            match decoder.next_reply() {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(error) => return (replies, Some(std::mem::discriminant(&error))),
            }
        }
    }
    replies.extend(tentative_reply(&mut decoder));
    (replies, None)
}

fn tentative_reply(decoder: &mut ReplyDecoder) -> Option<Reply> {
    let expected = decoder.has_tentative_reply();
    let reply = decoder.take_tentative_reply();
    assert_eq!(reply.is_some(), expected);
    assert!(!decoder.has_tentative_reply());
    reply
}

/// Limits that an input of some hundred bytes can exceed.
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
