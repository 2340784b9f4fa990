//! Modes as `ls` prints them: the letter of the kind, and the permissions.

use super::text;
use crate::{EntryKind, listing::error::ListingError};

/// Parses nine letters such as `rwxr-x--t` into permission bits.
///
/// Set-user-id, set-group-id and sticky bits are shown as `s`, `S`, `t` and `T`; the upper-case letter means
/// that the execute bit is not set. `l` and `L` are the mandatory locking of Solaris: a set-group-id bit
/// without an execute bit.
///
/// ```
/// use oxftp_proto::listing::parse_unix_mode;
///
/// assert_eq!(parse_unix_mode(b"rwxr-x--t")?, 0o1751);
/// assert_eq!(parse_unix_mode(b"rwSr--r--")?, 0o4644);
/// # Ok::<(), oxftp_proto::listing::ListingError>(())
/// ```
///
/// # Errors
///
/// [`ListingError::NoMode`] when the text is not nine such letters in their positions.
pub fn parse_unix_mode(text: &[u8]) -> Result<u32, ListingError> {
    text.first_chunk()
        .filter(|_| text.len() == LETTERS)
        .and_then(bits)
        .ok_or_else(|| ListingError::no_mode(text))
}

/// Mode at the start of a line.
#[derive(Debug)]
pub(in crate::listing) struct Permissions<'l> {
    pub(in crate::listing) kind: EntryKind,
    /// `None` if a letter is not in its position.
    pub(in crate::listing) bits: Option<u32>,
    /// The rest of the line.
    pub(in crate::listing) rest: &'l [u8],
}

/// Takes the letter of the kind and the nine permission letters off the front, and a mark of an access list
/// or label after them.
///
/// Other letters and numbers may follow without a blank, as link counts do on some servers.
pub(in crate::listing) fn leading(line: &[u8]) -> Option<Permissions<'_>> {
    let (&letter, rest) = line.split_first()?;
    let kind = kind_of_letter(letter)?;
    let (bits, rest) = nine_letters(rest).or_else(|| unusual(rest))?;
    let rest = match rest {
        [b'+' | b'.' | b'@' | b'*', rest @ ..] => rest,
        // `ls -e` of AIX prints a hyphen if there is no access list.
        [b'-', rest @ ..] if rest.first() == Some(&b' ') => rest,
        _ => rest,
    };
    Some(Permissions { kind, bits, rest })
}

/// Returns whether a word is the letter of a kind and nine permission letters, as no file is named.
pub(in crate::listing) fn is_mode(word: &[u8]) -> bool {
    leading(word).is_some_and(|mode| mode.bits.is_some() && mode.rest.is_empty())
}

/// Takes nine permission letters off the front. The bits are `None` if a letter is not in its position.
fn nine_letters(text: &[u8]) -> Option<(Option<u32>, &[u8])> {
    let (letters, rest) = text.split_first_chunk::<LETTERS>()?;
    let bits = bits(letters);
    let is_valid = bits.is_some() || are_in_place(letters) || letters == UNKNOWN && text::ends_word(rest);
    is_valid.then_some((bits, rest))
}

/// Takes letters of another number off the front: those of Plan 9, which have the exclusive-use bit before
/// them (`d-rwxrwxr-x`), or fewer than nine (`drwxr-x`).
#[cold]
fn unusual(text: &[u8]) -> Option<(Option<u32>, &[u8])> {
    if let [b'-' | b'l', rest @ ..] = text
        && let Some((bits @ Some(_), rest)) = nine_letters(rest)
        && text::ends_word(rest)
    {
        return Some((bits, without_device(rest)));
    }
    let end = text.iter().position(|byte| !b"rwxsStTlL-".contains(byte)).unwrap_or(text.len());
    let (letters, rest) = text.split_at_checked(end)?;
    let is_permission = |letter: &u8| matches!(letter, b'r' | b'w' | b'x');
    let is_enough = letters.len() > 5 || letters.len() > 1 && letters.iter().any(is_permission);
    if letters.is_empty() && starts_with_link_count(rest) {
        return Some((None, rest));
    }
    let is_short = letters.len() < LETTERS && is_enough && are_in_place(letters);
    let ends = text::ends_word(rest.strip_prefix(b"+").unwrap_or(rest));
    // Whether it is the group or all others that have no letters is unknown, so there are no bits.
    (is_short && ends).then_some((None, rest))
}

/// Returns whether blanks, a number and blanks follow: some servers print the kind alone, as in `d   1 ftp ftp`.
fn starts_with_link_count(text: &[u8]) -> bool {
    let (count, rest) = text::next_word(text);
    text.first() == Some(&b' ') && text::number(count).is_some() && rest.first() == Some(&b' ')
}

/// Removes type and number of the device that `ls -l` of Plan 9 prints, as in `M 4 ann staff`.
fn without_device(text: &[u8]) -> &[u8] {
    match text::next_word(text) {
        ([kind], rest) if !kind.is_ascii_digit() => {
            let (number, rest) = text::next_word(rest);
            if text::number(number).is_some() { rest } else { text }
        }
        _ => text,
    }
}

/// Returns whether the letters are roughly permissions: some servers put an `s` or `t` in a separate position.
fn are_in_place(letters: &[u8]) -> bool {
    let mut places = [b'r', b'w', b'x'].into_iter().cycle();
    letters.iter().zip(&mut places).all(|(&letter, place)| match place {
        b'x' => matches!(letter, b'-' | b'x' | b's' | b'S' | b't' | b'T' | b'l' | b'L'),
        _ => letter == place || letter == b'-',
    })
}

fn kind_of_letter(letter: u8) -> Option<EntryKind> {
    match letter {
        // Contiguous files, files that were moved to tape, and append-only files of Plan 9 are files.
        b'-' | b'f' | b'F' | b'C' | b'M' | b'a' => Some(EntryKind::File),
        b'd' => Some(EntryKind::Directory),
        // z/OS marks links that leave its Unix file system with an `e`.
        b'l' | b'e' => Some(EntryKind::Link),
        b'b' | b'c' | b'p' | b's' | b'm' | b'D' | b'P' | b'n' | b'w' => Some(EntryKind::Special),
        // No system has a kind `z`, and permission letters are not kinds.
        b'r' | b'x' | b't' | b'z' | b'R' | b'X' | b'T' | b'Z' => None,
        b'?' | b'a'..=b'z' | b'A'..=b'Z' => Some(EntryKind::Unknown),
        _ => None,
    }
}

/// Parses the nine letters, each in its position.
pub(in crate::listing) fn bits(letters: &[u8; LETTERS]) -> Option<u32> {
    let &[ur, uw, ux, gr, gw, gx, or, ow, ox] = letters;
    let user = flag(ur, b'r', 0o400)? | flag(uw, b'w', 0o200)? | user_execute(ux)?;
    let group = flag(gr, b'r', 0o040)? | flag(gw, b'w', 0o020)? | group_execute(gx)?;
    let other = flag(or, b'r', 0o004)? | flag(ow, b'w', 0o002)? | other_execute(ox)?;
    Some(user | group | other)
}

fn flag(letter: u8, set: u8, bit: u32) -> Option<u32> {
    match letter {
        b'-' => Some(0),
        _ => (letter == set).then_some(bit),
    }
}

fn user_execute(letter: u8) -> Option<u32> {
    match letter {
        b's' => Some(0o4100),
        b'S' => Some(0o4000),
        _ => flag(letter, b'x', 0o100),
    }
}

fn group_execute(letter: u8) -> Option<u32> {
    match letter {
        b's' => Some(0o2010),
        b'S' | b'l' | b'L' => Some(0o2000),
        _ => flag(letter, b'x', 0o010),
    }
}

fn other_execute(letter: u8) -> Option<u32> {
    match letter {
        b't' => Some(0o1001),
        b'T' => Some(0o1000),
        _ => flag(letter, b'x', 0o001),
    }
}

/// The mode that GNU `ls` prints if it cannot read the mode.
const UNKNOWN: &[u8] = b"?????????";

/// Number of permission letters.
pub(in crate::listing) const LETTERS: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_sets_its_bits() {
        for (text, mode) in [
            ("---------", 0),
            ("rwxrwxrwx", 0o777),
            ("rwsr-sr-t", 0o7755),
            ("rwSr-Sr-T", 0o7644),
            ("rw-r-lr--", 0o2644),
            ("rw-r-Lr--", 0o2644),
            ("r---w---x", 0o421),
        ] {
            assert_eq!(parse_unix_mode(text.as_bytes()).unwrap(), mode, "{text}");
        }
    }

    #[test]
    fn mode_letters_out_of_position_are_refused() {
        for text in ["", "rwx", "rwxrwxrwxr", "wrxrwxrwx", "rwtrwxrwx", "rwxrwxrws", "rwxrwx?wx"] {
            assert!(parse_unix_mode(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(
            parse_unix_mode(b"abc").unwrap_err().to_string(),
            r#""abc" is not a mode of nine letters"#
        );
    }

    #[test]
    fn mode_may_have_mark_and_touch_next_column() {
        for (line, rest) in [
            ("-rw-r--r-- 1 ann", " 1 ann"),
            ("-rw-r--r--+ 1 ann", " 1 ann"),
            ("-rw-r--r--@ 1 ann", " 1 ann"),
            ("-rw-r--r--12 ann", "12 ann"),
            ("-rw-r--r--.12 ann", "12 ann"),
            ("-rw-r--r--- 1 ann", " 1 ann"),
        ] {
            let permissions = leading(line.as_bytes()).unwrap();
            assert_eq!((permissions.bits, permissions.rest), (Some(0o644), rest.as_bytes()), "{line}");
        }
    }

    #[test]
    fn first_mode_letter_is_the_kind() {
        for (letter, kind) in [
            ('-', EntryKind::File),
            ('f', EntryKind::File),
            ('d', EntryKind::Directory),
            ('l', EntryKind::Link),
            ('e', EntryKind::Link),
            ('s', EntryKind::Special),
            ('p', EntryKind::Special),
            ('D', EntryKind::Special),
            ('M', EntryKind::File),
            ('a', EntryKind::File),
            ('?', EntryKind::Unknown),
        ] {
            assert_eq!(leading(format!("{letter}rw-r--r-- 1").as_bytes()).unwrap().kind, kind, "{letter}");
        }
    }

    #[test]
    fn plan9_mode_has_an_exclusive_letter() {
        for (line, kind) in
            [("d-rwxr-x--- M 4 ann", EntryKind::Directory), ("alrwxr-x---  ann", EntryKind::File)]
        {
            let permissions = leading(line.as_bytes()).unwrap();
            assert_eq!((permissions.kind, permissions.bits), (kind, Some(0o750)), "{line}");
            assert_eq!(text::next_word(permissions.rest).0, b"ann", "{line}");
        }
        assert_eq!(leading(b"--rwxr-x--- ann").unwrap().bits, Some(0o750));
    }

    #[test]
    fn unusual_mode_is_accepted_but_not_random_text() {
        for line in [
            "drwxr-xr- 1 ann",
            "drwxr-x 1",
            "-rw-r--+ 1",
            "-rw- 1",
            "drwx",
            "-rw 1",
            "d????????? ? ?",
            "-rwxrwsrwS 1 ann",
            "-rwtr-xr-x 1 ann",
        ] {
            assert_eq!(leading(line.as_bytes()).unwrap().bits, None, "{line}");
        }
        for line in [
            "",
            "d",
            "-r",
            "---",
            "drwxy",
            "drwxwr-",
            "-C--E----- 1",
            "d[RWCEAFMS] 1",
            "0rw-r--r-- 1",
            "zrw-r--r-- 1",
            "-xrw-r--r-- 1",
            "-?????????x",
        ] {
            assert!(leading(line.as_bytes()).is_none(), "{line}");
        }
    }
}
