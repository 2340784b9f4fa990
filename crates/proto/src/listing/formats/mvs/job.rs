//! Lines that describe jobs and their output, listed after `SITE FILETYPE=JES`.
//!
//! ```text
//! JOBNAME  JOBID    OWNER    STATUS CLASS
//! ANNRUN   JOB01234 ANN      OUTPUT A        RC=0000 3 spool files
//! ```
//!
//! A job is retrieved by its number, which is therefore its name. For a single job, its spool files are
//! listed, which have a number too (`JOB01234.001`).

use super::{file, is_qualifier};
use crate::{entry::Columns, listing::fields::text};

pub(super) fn read(line: &[u8]) -> Option<Columns<'_>> {
    job(line).or_else(|| spool_file(line))
}

/// `--------` above spool files, and `3 spool files` below them.
pub(super) fn is_no_entry(line: &[u8]) -> bool {
    text::words(line).is_some_and(|[rule]: [&[u8]; 1]| rule == b"--------")
        || text::words(line).is_some_and(|[count, spool, files]: [&[u8]; 3]| {
            text::number(count).is_some()
                && spool.eq_ignore_ascii_case(b"spool")
                && (files.eq_ignore_ascii_case(b"files") || files.eq_ignore_ascii_case(b"file"))
        })
}

/// `ANNRUN  JOB01234 ANN  OUTPUT A …`; there is no owner if `JESINTERFACELEVEL` is 1.
fn job(line: &[u8]) -> Option<Columns<'_>> {
    let (name, rest) = text::next_word(line);
    let (number, rest) = text::next_word(rest);
    let (owner, rest) = text::next_word(rest);
    if !is_qualifier(name) || !is_job_number(number) {
        return None;
    }
    if is_status(owner) {
        return Some(file(number));
    }
    let status = text::next_word(rest).0;
    (is_status(status) && is_qualifier(owner)).then(|| Columns { owner: Some(owner), ..file(number) })
}

/// `001 JES2              A JESMSGLG      1733`; the step of a procedure may be missing, or `N/A`.
fn spool_file(line: &[u8]) -> Option<Columns<'_>> {
    let [number, step, procedure, class, name, size] = text::words(line).or_else(|| {
        let [number, step, class, name, size] = text::words(line)?;
        Some([number, step, step, class, name, size])
    })?;
    let is_file = number.len() >= 3
        && text::number(number).is_some()
        && [step, procedure, name].into_iter().all(|word| is_qualifier(word) || word == b"N/A")
        && class.len() == 1;
    Some(Columns { size: Some(text::number(size).filter(|_| is_file)?), ..file(number) })
}

/// `JOB01234`, `TSU01234`, `STC01234`, and `J0001234` for larger numbers.
fn is_job_number(word: &[u8]) -> bool {
    let kinds: [&[u8]; 6] = [b"JOB", b"TSU", b"STC", b"J", b"T", b"S"];
    (5..=8).contains(&word.len())
        && kinds.iter().any(|kind| word.strip_prefix(*kind).is_some_and(|rest| text::number(rest).is_some()))
}

fn is_status(word: &[u8]) -> bool {
    matches!(word, b"OUTPUT" | b"ACTIVE" | b"INPUT" | b"HELD")
}

#[cfg(test)]
mod tests {
    use crate::listing::{formats::Format, testing};

    #[test]
    fn a_job_is_named_by_its_number() {
        for (line, name, owner) in [
            ("ANNRUN   JOB01234 ANN      OUTPUT A        RC=0000 3 spool files", "JOB01234", Some("ANN")),
            ("ANN      TSU01235 ANN      ACTIVE TSU", "TSU01235", Some("ANN")),
            ("ANNRUN   J0123456 ANN      INPUT  A       -HELD-", "J0123456", Some("ANN")),
            ("ANNRUN   JOB01234  OUTPUT    3 Spool Files", "JOB01234", None),
        ] {
            let entry = testing::read(Format::Mvs, line);
            assert_eq!(entry.name(), name.as_bytes(), "{line}");
            assert_eq!(entry.owner().as_deref(), owner, "{line}");
            assert!(entry.is_file() && entry.size.is_none(), "{line}");
        }
    }

    #[test]
    fn spool_file_has_number_and_size() {
        for line in [
            "  001 JES2              A JESMSGLG      1733",
            "  001 JES2     N/A      A JESMSGLG      1733",
            "  001 RUN      COMPILE  H SYSPRINT   1733",
        ] {
            let entry = testing::read(Format::Mvs, line);
            assert_eq!((entry.name(), entry.size), (&b"001"[..], Some(1733)), "{line}");
        }
    }

    #[test]
    fn rules_and_counts_are_no_entries() {
        for line in ["--------", "3 spool files", "1 Spool File"] {
            assert!(testing::try_read(Format::Mvs, line).unwrap_err().is_no_entry(), "{line}");
        }
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "ANNRUN   JOB01234 ANN      GONE   A        RC=0000 3 spool files",
            "ANNRUN   JOX01234 ANN      OUTPUT A        RC=0000 3 spool files",
            "annrun   JOB01234 ANN      OUTPUT A        RC=0000 3 spool files",
            "  001 JES2              AB JESMSGLG      1733",
            "  001 JES2              A JESMSGLG      1k",
        ] {
            assert!(testing::try_read(Format::Mvs, line).is_err(), "{line}");
        }
    }
}
