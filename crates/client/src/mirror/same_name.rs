//! Names that a server or a file system may treat as equal: other case, another Unicode form, replaced characters.

use std::{borrow::Borrow, collections::BTreeSet};

use oxftp_proto::FileName;
use unicode_normalization::UnicodeNormalization;

/// Returns the form in which names are compared: composed (NFC), in lower case. A server may treat names with the
/// same form as equal.
pub(crate) fn folded(name: &FileName) -> String {
    let text = name.to_string_lossy();
    match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => text.nfc().collect::<String>().to_lowercase().nfc().collect(),
    }
}

/// Returns the name among `candidates` under which a server probably stores `name`, if there is one.
pub(crate) fn likely_form<N: Borrow<FileName>>(
    name: &FileName,
    candidates: impl Iterator<Item = N>,
) -> Option<N> {
    let wanted = folded(name);
    let ranked = candidates.filter_map(|found| Some((resemblance(&wanted, &folded(found.borrow()))?, found)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, found)| found)
}

/// Returns the kind of change by which a server may turn one folded name into the other; the most likely kind is the
/// smallest number.
fn resemblance(wanted: &str, found: &str) -> Option<u8> {
    let found = without_version(found);
    let [bare_wanted, bare_found] = [wanted, found].map(|name| name.trim_matches([' ', '.']));
    match () {
        () if wanted == found => Some(0),
        () if bare_wanted == bare_found => Some(1),
        () if has_replaced_characters(bare_wanted, bare_found) => Some(2),
        () if is_respelled(wanted, found) || is_respelled(bare_wanted, bare_found) => Some(3),
        () if is_shortened(bare_wanted, bare_found) => Some(4),
        () => None,
    }
}

/// Returns a name without the version that some systems append, such as `;1`.
fn without_version(name: &str) -> &str {
    match name.rsplit_once(';') {
        Some((stem, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => stem,
        _ => name,
    }
}

/// Returns whether the names differ in characters that some systems forbid or do not have.
fn has_replaced_characters(wanted: &str, found: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric();
    let agrees = |(wanted, found): (char, char)| wanted == found || !is_plain(wanted);
    wanted.chars().count() == found.chars().count() && wanted.chars().zip(found.chars()).all(agrees)
        || wanted
            .chars()
            .filter(|letter| is_plain(*letter))
            .eq(found.chars().filter(|letter| is_plain(*letter)))
            && wanted.chars().any(is_plain)
}

/// Returns whether the found name has other characters, or codes such as `%20` or `ae`, in place of those of the wanted
/// name that some systems forbid or do not have.
fn is_respelled(wanted: &str, found: &str) -> bool {
    let found: Vec<char> = found.chars().collect();
    // The positions that the wanted name may have reached.
    let mut reached = BTreeSet::from([0]);
    for letter in wanted.chars() {
        let mut next = BTreeSet::new();
        for at in reached {
            let rest = found.get(at..).unwrap_or_default();
            if rest.first() == Some(&letter) {
                next.insert(at + 1);
            } else if !letter.is_ascii_alphanumeric() && letter != '.' {
                next.extend(lengths_of_code(letter, rest).into_iter().map(|length| at + length));
            }
        }
        reached = next;
    }
    reached.contains(&found.len()) && wanted.chars().any(|letter| letter.is_ascii_alphanumeric())
}

/// Returns how many characters at the start of a name may stand for a letter.
fn lengths_of_code(letter: char, rest: &[char]) -> BTreeSet<usize> {
    let is_escape = |code: &[char]| matches!(code, ['%' | '=' | '#' | '_', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
    let escapes = rest.chunks(3).take(letter.len_utf8()).take_while(|code| is_escape(code)).count();
    let mut lengths: BTreeSet<_> = (0..=escapes).map(|count| 3 * count).collect();
    lengths.extend(rest.first().filter(|other| !other.is_ascii_alphanumeric()).map(|_| 1));
    if !letter.is_ascii() {
        let plain = rest.iter().take(2).take_while(|other| other.is_ascii_alphanumeric()).count();
        lengths.extend(1..=plain);
    }
    lengths
}

/// Returns whether the found name is a shorter form of the other, such as `longna~1.htm` of `long name.html`.
fn is_shortened(wanted: &str, found: &str) -> bool {
    let (wanted_stem, wanted_end) = wanted.rsplit_once('.').unwrap_or((wanted, ""));
    let (found_stem, found_end) = found.rsplit_once('.').unwrap_or((found, ""));
    let head = found_stem.split('~').next().unwrap_or(found_stem);
    let plain: String = wanted_stem.chars().filter(|letter| !matches!(letter, ' ' | '.')).collect();
    let has_head = head.len() >= 2 && (wanted_stem.starts_with(head) || plain.starts_with(head));
    found.chars().count() < wanted.chars().count() && has_head && wanted_end.starts_with(found_end)
        || found.len() >= 8 && wanted.starts_with(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> FileName {
        FileName::new(text).unwrap()
    }

    #[test]
    fn case_and_unicode_form_do_not_count() {
        for (one, other) in [("readme", "README"), ("ä.txt", "A\u{308}.TXT"), ("é", "e\u{301}")] {
            assert_eq!(folded(&name(one)), folded(&name(other)), "{one}");
        }
        assert_ne!(folded(&name("a")), folded(&name("b")));
    }

    #[test]
    fn stored_name_in_another_form_is_recognized() {
        for (sent, stored) in [
            ("aaa.txt", "AAA.TXT"),
            ("a:b?.txt", "a_b_.txt"),
            ("blank ", "blank"),
            ("ende.", "ende"),
            ("long file name.html", "LONGFI~1.HTM"),
            ("verylongname.jpeg", "VERYLONG.JPE"),
            ("größe", "gr__e"),
            ("login.com", "LOGIN.COM;1"),
            ("Bild Ä 1.jpg", "Bild%20%C3%84%201.jpg"),
            ("a b.txt", "a=20b.txt"),
            ("end. ", "end.%20"),
            ("größe", "groesse"),
            ("é:x", "e_x"),
        ] {
            let others = [name("zzz"), name("index.html"), name(stored)];
            assert_eq!(likely_form(&name(sent), others.iter()), Some(&others[2]), "{sent}");
        }
        assert_eq!(likely_form(&name("a.txt"), [name("b.txt")].iter()), None);
        let others = ["a new b.txt", "ab2.txt", "a%zzb.txt", "b a.txt"].map(name);
        assert_eq!(likely_form(&name("a b.txt"), others.iter()), None);
    }

    #[test]
    fn closest_form_wins() {
        let found = [name("a_b"), name("A:B")];
        assert_eq!(likely_form(&name("a:b"), found.iter()), Some(&found[1]));
    }
}
