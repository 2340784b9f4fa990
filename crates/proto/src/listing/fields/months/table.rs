//! Table of the bytes of each month's name, in the encodings of its language.
//!
//! It is built when the first name that is not English is looked up, and most of it only when a name contains
//! letters that are not ASCII. ASCII letters are stored in lower case; the case of other letters is part of
//! the bytes, so every case is stored.

use std::sync::LazyLock;

use super::{
    charsets::{LATIN_CHARSETS, MonthCharset, OTHERS, latin_misread},
    names::{LATIN, Months},
};

/// Returns the month with this name, or the only one whose name starts with it.
pub(super) fn find(name: &[u8]) -> Option<u8> {
    let mut small = [0; LONGEST];
    let small = small.get_mut(..name.len()).filter(|_| name.len() >= SHORTEST)?;
    small.copy_from_slice(name);
    small.make_ascii_lowercase();
    find_in(if small.is_ascii() { &ASCII } else { &TABLE }, small)
}

fn find_in(table: &Table, small: &[u8]) -> Option<u8> {
    let start = start(small);
    let at = table.partition_point(|known| (known.start, &*known.name) < (start, small));
    let known = table.get(at).filter(|known| known.name.starts_with(small))?;
    (known.name.len() == small.len() || small.len() >= SHORTEST_START).then_some(known.month)
}

/// A month in one encoding.
struct Spelling {
    /// The first eight bytes, which decide most comparisons.
    start: u64,
    name: Box<[u8]>,
    month: u8,
}

type Table = Vec<Spelling>;

/// Every name.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::new();
    for language in LATIN {
        spell(&mut table, language, LATIN_CHARSETS);
        for (name, month) in in_every_case(language) {
            [old_code_page(&name, |letter| letter.western), old_code_page(&name, |letter| letter.central)]
                .into_iter()
                .chain(without_marks(&name))
                .flatten()
                .for_each(|bytes| keep(&mut table, bytes, month));
        }
    }
    for (languages, charsets) in OTHERS {
        languages.iter().for_each(|language| spell(&mut table, language, charsets));
    }
    sorted(table)
});

/// Names in ASCII only: a fiftieth of the work.
static ASCII: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::new();
    for language in LATIN {
        let names = || in_every_case(language);
        names()
            .filter(|(name, _)| name.is_ascii())
            .for_each(|(name, month)| keep(&mut table, name.into(), month));
        for (name, month) in names() {
            without_marks(&name).into_iter().flatten().for_each(|bytes| keep(&mut table, bytes, month));
        }
    }
    sorted(table)
});

fn sorted(mut table: Table) -> Table {
    // If a name has different meanings in two languages, the first language is used.
    table.sort_by(|one, other| (one.start, &one.name).cmp(&(other.start, &other.name)));
    table.dedup_by(|later, first| later.name == first.name);
    table
}

/// Returns a name without its accents, for systems that cannot print them.
fn without_marks(name: &str) -> [Option<Vec<u8>>; 2] {
    [old_code_page(name, |letter| Some(letter.plain)), old_code_page(name, |_| Some(b'?'))]
}

fn spell(table: &mut Table, language: &Months, charsets: &[MonthCharset]) {
    for (name, month) in in_every_case(language) {
        keep(table, name.as_bytes().to_vec(), month);
        // UTF-8 that was taken for Latin letters and encoded as UTF-8 again.
        keep(table, latin_misread(&name).into(), month);
        charsets
            .iter()
            .filter_map(|charset| charset.encode(&name))
            .for_each(|bytes| keep(table, bytes, month));
    }
}

fn keep(table: &mut Table, mut bytes: Vec<u8>, month: u8) {
    bytes.make_ascii_lowercase();
    table.push(Spelling { start: start(&bytes), name: bytes.into(), month });
}

fn start(name: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(name).for_each(|(byte, letter)| *byte = *letter);
    u64::from_be_bytes(bytes)
}

/// Returns each name in lower case, with a capital, and in upper case, if these differ.
fn in_every_case(language: &Months) -> impl Iterator<Item = (String, u8)> {
    let names =
        language.iter().zip(1..).flat_map(|(names, month)| names.split(' ').map(move |name| (name, month)));
    names.flat_map(|(name, month)| {
        let mut letters = name.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        let mut cases = vec![name.to_owned(), first.chain(letters).collect(), name.to_uppercase()];
        if name.is_ascii() {
            cases.truncate(1);
        }
        cases.into_iter().map(move |case| (case, month))
    })
}

/// Encodes a name byte by byte. `None` if it is ASCII, or has a letter that does not exist in the code page.
fn old_code_page(name: &str, byte: impl Fn(&Letter) -> Option<u8>) -> Option<Vec<u8>> {
    let spelled = |letter: char| match u8::try_from(letter) {
        Ok(ascii) if ascii.is_ascii() => Some(ascii),
        _ => byte(LETTERS.iter().find(|known| known.letter == letter)?),
    };
    name.chars().map(spelled).collect::<Option<Vec<u8>>>().filter(|_| !name.is_ascii())
}

/// A letter in the code pages of MS-DOS, which encoding_rs does not support.
struct Letter {
    letter: char,
    /// The letter without its accent.
    plain: u8,
    /// In code pages 437 and 850.
    western: Option<u8>,
    /// In code page 852.
    central: Option<u8>,
}

const fn letter(letter: char, plain: u8, western: u8, central: u8) -> Letter {
    const fn some(byte: u8) -> Option<u8> {
        if byte == 0 { None } else { Some(byte) }
    }
    Letter { letter, plain, western: some(western), central: some(central) }
}

/// 0 means that the code page does not have the letter.
#[rustfmt::skip]
const LETTERS: &[Letter] = &[
    letter('á', b'a', 0xa0, 0xa0), letter('Á', b'A', 0xb5, 0xb5),
    letter('ä', b'a', 0x84, 0x84), letter('Ä', b'A', 0x8e, 0x8e),
    letter('å', b'a', 0x86, 0), letter('Å', b'A', 0x8f, 0),
    letter('ă', b'a', 0, 0xc7), letter('Ă', b'A', 0, 0xc6),
    letter('ą', b'a', 0, 0xa5), letter('Ą', b'A', 0, 0xa4),
    letter('ç', b'c', 0x87, 0x87), letter('Ç', b'C', 0x80, 0x80),
    letter('č', b'c', 0, 0x9f), letter('Č', b'C', 0, 0xac),
    letter('é', b'e', 0x82, 0x82), letter('É', b'E', 0x90, 0x90),
    letter('è', b'e', 0x8a, 0), letter('È', b'E', 0xd4, 0),
    letter('ě', b'e', 0, 0xd8), letter('Ě', b'E', 0, 0xb7),
    letter('ğ', b'g', 0xa7, 0), letter('Ğ', b'G', 0xa6, 0),
    letter('ë', b'e', 0x89, 0x89), letter('Ë', b'E', 0xd3, 0xd3),
    letter('ė', b'e', 0, 0), letter('Ė', b'E', 0, 0),
    letter('ā', b'a', 0, 0), letter('Ā', b'A', 0, 0),
    letter('ī', b'i', 0, 0), letter('Ī', b'I', 0, 0),
    letter('ı', b'i', 0x8d, 0),
    letter('ü', b'u', 0x81, 0x81), letter('Ü', b'U', 0x9a, 0x9a),
    letter('í', b'i', 0xa1, 0xa1), letter('Í', b'I', 0xd6, 0xd6),
    letter('ľ', b'l', 0, 0x96), letter('Ľ', b'L', 0, 0x95),
    letter('ñ', b'n', 0xa4, 0), letter('Ñ', b'N', 0xa5, 0),
    letter('ň', b'n', 0, 0xe5), letter('Ň', b'N', 0, 0xd5),
    letter('ń', b'n', 0, 0xe4), letter('Ń', b'N', 0, 0xe3),
    letter('ó', b'o', 0xa2, 0xa2), letter('Ó', b'O', 0xe0, 0xe0),
    letter('ö', b'o', 0x94, 0x94), letter('Ö', b'O', 0x99, 0x99),
    letter('ř', b'r', 0, 0xfd), letter('Ř', b'R', 0, 0xfc),
    letter('š', b's', 0, 0xe7), letter('Š', b'S', 0, 0xe6),
    letter('ś', b's', 0, 0x98), letter('Ś', b'S', 0, 0x97),
    letter('ş', b's', 0x9f, 0xad), letter('Ş', b'S', 0x9e, 0xb8),
    letter('ú', b'u', 0xa3, 0xa3), letter('Ú', b'U', 0xe9, 0xe9),
    letter('û', b'u', 0x96, 0), letter('Û', b'U', 0xea, 0),
    letter('ū', b'u', 0, 0), letter('Ū', b'U', 0, 0),
    letter('ź', b'z', 0, 0xab), letter('Ź', b'Z', 0, 0x8d),
    letter('ž', b'z', 0, 0xa7), letter('Ž', b'Z', 0, 0xa6),
];

/// Some months of some languages have two letters: `ag` in Catalan.
const SHORTEST: usize = 2;
/// Minimum number of bytes in the start of a name.
const SHORTEST_START: usize = 3;
/// The longest names have about thirty bytes in UTF-8, and three times as many when encoded twice.
const LONGEST: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_its_encodings() {
        for (languages, charsets) in [(LATIN, LATIN_CHARSETS)].iter().chain(OTHERS) {
            for (name, _) in languages.iter().flat_map(in_every_case) {
                assert!(find(name.as_bytes()).is_some(), "{name}");
                for bytes in charsets.iter().filter_map(|charset| charset.encode(&name)) {
                    assert!(find(&bytes).is_some(), "{name} as {}", bytes.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn ascii_month_names_agree_in_both_tables() {
        for known in &*TABLE {
            let letters = known.name.iter().take_while(|byte| byte.is_ascii()).count();
            for length in SHORTEST..=letters {
                let word = &known.name[..length];
                assert_eq!(find_in(&ASCII, word), find_in(&TABLE, word), "{}", word.escape_ascii());
            }
        }
    }

    #[test]
    fn names_are_short_enough_to_be_looked_up() {
        assert!(TABLE.iter().all(|known| (SHORTEST..=LONGEST).contains(&known.name.len())));
        assert_eq!(find(&[b'j'; 1000]), None);
        assert_eq!(find(b""), None);
    }

    #[test]
    fn every_accented_letter_has_plain_form() {
        let names = LATIN.iter().flat_map(in_every_case);
        for (name, _) in names.filter(|(name, _)| !name.is_ascii()) {
            assert!(old_code_page(&name, |letter| Some(letter.plain)).is_some(), "{name}");
        }
    }
}
