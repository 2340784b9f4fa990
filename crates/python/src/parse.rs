//! Listings of `MLSD` and `LIST` as pairs of a path and a dictionary of facts.
//!
//! The rules are those of the methods of `BaseClient`, for the lines that servers usually send. Parsing stops at any
//! other line, such as one that is not UTF-8 or whose date is unusual: the method parses that one, or raises its error.

use std::str::from_utf8;

use oxftp::Timestamp;
use pyo3::{
    prelude::*,
    types::{PyDict, PyList, PyString, PyTuple},
};

/// The entries of the lines, and the position after the last line that was parsed.
type Parsed<'py> = (Bound<'py, PyList>, usize);

/// Parses complete lines of `MLSD` of a directory, from a position on.
#[pyfunction]
pub(crate) fn parse_mlsd<'py>(
    lines: &[u8],
    position: usize,
    directory: &Bound<'py, PyAny>,
) -> PyResult<Parsed<'py>> {
    let mut facts = Facts { py: directory.py(), latest: Vec::new() };
    parse(lines, position, directory, |line| {
        if line.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Ok(Some(Line::Skipped));
        }
        let Some(line) = trimmed(line) else { return Ok(None) };
        let Some((all, name)) = line.split_once(' ') else { return Ok(None) };
        Ok(match kind_of(name) {
            // The last fact ends with a semicolon, too.
            Name::OfEntry => match all.strip_suffix(';') {
                Some(all) => facts.parse(all)?.map(|facts| Line::Entry(name, facts)),
                None => None,
            },
            Name::OfDirectory => Some(Line::Skipped),
            Name::Unusual => None,
        })
    })
}

/// Parses complete lines of `LIST` in the format of `ls -l`, from a position on. `now` are the microseconds since 1970 on
/// the local clock.
#[pyfunction]
pub(crate) fn parse_list<'py>(
    lines: &[u8],
    position: usize,
    directory: &Bound<'py, PyAny>,
    now: i64,
) -> PyResult<Parsed<'py>> {
    let mut texts = Texts::new(directory.py());
    parse(lines, position, directory, |line| {
        let Some(line) = trimmed(line).and_then(UnixLine::parse) else { return Ok(None) };
        let Some(facts) = texts.facts(&line, now)? else { return Ok(None) };
        let name = line.link.map_or(line.name, |(name, _)| name);
        Ok(match kind_of(name) {
            Name::OfEntry => Some(Line::Entry(name, facts)),
            Name::OfDirectory => Some(Line::Skipped),
            Name::Unusual => None,
        })
    })
}

enum Line<'l, 'py> {
    /// The name of an entry, and its facts.
    Entry(&'l str, Bound<'py, PyDict>),
    /// It has no entry: it is blank, or that of the directory itself or of the one above it.
    Skipped,
}

/// Parses lines until one is `None`.
fn parse<'l, 'py>(
    lines: &'l [u8],
    position: usize,
    directory: &Bound<'py, PyAny>,
    mut parse_line: impl FnMut(&'l str) -> PyResult<Option<Line<'l, 'py>>>,
) -> PyResult<Parsed<'py>> {
    let children = Children::of(directory)?;
    let found = PyList::empty(directory.py());
    let mut parsed = position;
    for line in lines.get(position..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
        let Ok(text) = from_utf8(line) else { break };
        match parse_line(text)? {
            Some(Line::Entry(name, facts)) => found.append((children.path(name)?, facts))?,
            Some(Line::Skipped) => {}
            None => break,
        }
        parsed += line.len();
    }
    Ok((found, parsed))
}

/// Removes the blanks at the end of a line; `None` if others may be there, of which Python knows more than ASCII has, or
/// if the line has control characters.
fn trimmed(line: &str) -> Option<&str> {
    let line = line.trim_end_matches(['\r', '\n', ' ']);
    let is_usual = !line.bytes().any(|byte| byte < b' ') && !line.ends_with(char::is_whitespace);
    is_usual.then_some(line)
}

enum Name {
    OfEntry,
    OfDirectory,
    /// `PurePosixPath` changes it, or it is a path of its own.
    Unusual,
}

fn kind_of(name: &str) -> Name {
    match name {
        "." | ".." => Name::OfDirectory,
        "" => Name::Unusual,
        name if name.contains('/') => Name::Unusual,
        _ => Name::OfEntry,
    }
}

/// Creates the paths of the entries of a directory.
enum Children<'py> {
    /// As the methods of `PurePosixPath` in CPython 3.11 create them: its constructor parses the whole path again, which
    /// takes longer than all else. Later versions parse it when it is needed.
    Parts {
        create: Bound<'py, PyAny>,
        drive: Bound<'py, PyString>,
        root: Bound<'py, PyAny>,
        parts: Vec<Bound<'py, PyAny>>,
    },
    Text {
        class: Bound<'py, PyAny>,
        prefix: String,
    },
}

impl<'py> Children<'py> {
    fn of(directory: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = directory.py();
        let class = directory.get_type().into_any();
        let version = py.version_info();
        if (version.major, version.minor) == (3, 11)
            && let Ok(create) = class.getattr("_from_parsed_parts")
        {
            return Ok(Self::Parts {
                create,
                drive: PyString::new(py, ""),
                root: directory.getattr("root")?,
                parts: directory.getattr("parts")?.cast::<PyTuple>()?.iter().collect(),
            });
        }
        let mut prefix = directory.str()?.to_string();
        if prefix == "." {
            prefix.clear();
        } else if !prefix.ends_with('/') {
            prefix.push('/');
        }
        Ok(Self::Text { class, prefix })
    }

    fn path(&self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Parts { create, drive, root, parts } => {
                let py = create.py();
                let own = PyList::new(py, parts)?;
                own.append(PyString::new(py, name))?;
                create.call1((drive, root, own))
            }
            Self::Text { class, prefix } => class.call1((format!("{prefix}{name}"),)),
        }
    }
}

/// The facts of lines of `MLSD`.
struct Facts<'l, 'py> {
    py: Python<'py>,
    /// Those of the line before: names and many values are the same in all lines.
    latest: Vec<Fact<'l, 'py>>,
}

struct Fact<'l, 'py> {
    key: &'l str,
    value: &'l str,
    texts: (Bound<'py, PyString>, Bound<'py, PyString>),
}

impl<'l, 'py> Facts<'l, 'py> {
    /// Returns the facts; `None` if there is no type, or a name is not in ASCII.
    fn parse(&mut self, facts: &'l str) -> PyResult<Option<Bound<'py, PyDict>>> {
        let py = self.py;
        let entry = PyDict::new(py);
        let mut has_type = false;
        for (index, fact) in facts.split(';').enumerate() {
            let (key, value) = fact.split_once('=').unwrap_or((fact, ""));
            if !key.is_ascii() {
                return Ok(None);
            }
            has_type |= key.eq_ignore_ascii_case("type");
            match self.latest.get_mut(index) {
                Some(latest) if latest.key == key => {
                    if latest.value != value {
                        (latest.value, latest.texts.1) = (value, PyString::new(py, value));
                    }
                }
                _ => {
                    let texts = (PyString::new(py, &key.to_ascii_lowercase()), PyString::new(py, value));
                    self.latest.truncate(index);
                    self.latest.push(Fact { key, value, texts });
                }
            }
            if let Some(Fact { texts: (key, value), .. }) = self.latest.get(index) {
                entry.set_item(key, value)?;
            }
        }
        Ok(has_type.then_some(entry))
    }
}

/// A line in the format of `ls -l`.
struct UnixLine<'l> {
    kind: u8,
    mode: u32,
    links: &'l str,
    owner: &'l str,
    group: &'l str,
    size: &'l str,
    date: &'l str,
    name: &'l str,
    /// The name and the target of a symbolic link.
    link: Option<(&'l str, &'l str)>,
}

impl<'l> UnixLine<'l> {
    fn parse(line: &'l str) -> Option<Self> {
        let kind = *line.as_bytes().first()?;
        let mode = parse_mode(line.get(1..10)?.as_bytes())?;
        let mut rest = line.get(10..)?;
        let mut field = || {
            let (field, after) = rest.trim_start_matches(' ').split_once(' ')?;
            rest = after;
            field.is_ascii().then_some(field)
        };
        let (links, owner, group, size) = (field()?, field()?, field()?, field()?);
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(links) || !is_number(size) {
            return None;
        }
        let rest = rest.trim_start_matches(' ');
        let (date, name) = (rest.get(..12)?, rest.get(12..)?.trim_matches(' '));
        if name.starts_with(char::is_whitespace) {
            return None;
        }
        let link = if kind == b'l' { Some(name.rsplit_once(" -> ")?) } else { None };
        Some(Self { kind, mode, links, owner, group, size, date, name, link })
    }

    /// Returns `file`, `dir` or `unknown`; the target of a symbolic link decides by its end.
    fn type_name(&self) -> Option<&'static str> {
        let Some((_, target)) = self.link else {
            return Some(match self.kind {
                b'-' => "file",
                b'd' => "dir",
                _ => "unknown",
            });
        };
        let bytes = target.as_bytes();
        let last = match bytes.last()? {
            b'\'' | b'"' => bytes.len().checked_sub(2).map(|at| bytes[at])?,
            last => *last,
        };
        Some(if last == b'/' { "dir" } else { "file" })
    }
}

/// Parses nine characters such as `rwxr-x--t`.
fn parse_mode(text: &[u8]) -> Option<u32> {
    let classes = [(6, b's', 0o4100), (3, b's', 0o2010), (0, b't', 0o1000)];
    let mut mode = 0;
    for (class, (shift, special, special_bits)) in text.chunks_exact(3).zip(classes) {
        mode |= match class {
            [b'r', b'w', _] => 6 << shift,
            [b'r', b'-', _] => 4 << shift,
            [b'-', b'w', _] => 2 << shift,
            [b'-', b'-', _] => 0,
            _ => return None,
        };
        mode |= match class {
            [.., b'x'] => 1 << shift,
            [.., b'-'] => 0,
            [.., last] if *last == special => special_bits,
            _ => return None,
        };
    }
    Some(mode)
}

/// The texts of the line before: most are the same in all lines.
struct Texts<'l, 'py> {
    py: Python<'py>,
    links: Repeated<'l, 'py>,
    owner: Repeated<'l, 'py>,
    group: Repeated<'l, 'py>,
    size: Repeated<'l, 'py>,
    /// The date as listed, and as a fact.
    modify: Option<(&'l str, Bound<'py, PyString>)>,
}

impl<'l, 'py> Texts<'l, 'py> {
    fn new(py: Python<'py>) -> Self {
        let none = || Repeated { latest: None };
        Self { py, links: none(), owner: none(), group: none(), size: none(), modify: None }
    }

    /// Returns the facts of a line; `None` if its date is unusual.
    fn facts(&mut self, line: &UnixLine<'l>, now: i64) -> PyResult<Option<Bound<'py, PyDict>>> {
        let py = self.py;
        let modify = match &self.modify {
            Some((date, modify)) if *date == line.date => modify.clone(),
            _ => {
                let Some(modify) = parse_date(line.date, now) else { return Ok(None) };
                let modify = PyString::new(py, &modify);
                self.modify = Some((line.date, modify.clone()));
                modify
            }
        };
        let Some(type_name) = line.type_name() else { return Ok(None) };
        let type_name = match type_name {
            "file" => pyo3::intern!(py, "file"),
            "dir" => pyo3::intern!(py, "dir"),
            _ => pyo3::intern!(py, "unknown"),
        };
        let facts = PyDict::new(py);
        facts.set_item(pyo3::intern!(py, "type"), type_name)?;
        facts.set_item(pyo3::intern!(py, "unix.mode"), line.mode)?;
        facts.set_item(pyo3::intern!(py, "unix.links"), self.links.text(py, line.links))?;
        facts.set_item(pyo3::intern!(py, "unix.owner"), self.owner.text(py, line.owner))?;
        facts.set_item(pyo3::intern!(py, "unix.group"), self.group.text(py, line.group))?;
        facts.set_item(pyo3::intern!(py, "size"), self.size.text(py, line.size))?;
        facts.set_item(pyo3::intern!(py, "modify"), modify)?;
        if let Some((_, target)) = line.link {
            facts.set_item(pyo3::intern!(py, "link_dst"), target)?;
        }
        Ok(Some(facts))
    }
}

struct Repeated<'l, 'py> {
    latest: Option<(&'l str, Bound<'py, PyString>)>,
}

impl<'l, 'py> Repeated<'l, 'py> {
    fn text(&mut self, py: Python<'py>, text: &'l str) -> Bound<'py, PyString> {
        match &self.latest {
            Some((latest, found)) if *latest == text => found.clone(),
            _ => {
                let found = PyString::new(py, text);
                self.latest = Some((text, found.clone()));
                found
            }
        }
    }
}

/// Parses a date such as `Nov 18  1958` or `Nov 18 12:29`; one without a year is that nearest to now. Returns it in the
/// format of the fact `modify`.
fn parse_date(text: &str, now: i64) -> Option<String> {
    let month = MONTHS.iter().zip(1..).find(|(name, _)| text.starts_with(**name))?.1;
    let day = number(text.get(3..6)?.strip_prefix(' ')?.trim_start_matches(' '))?;
    let rest = text.get(6..)?.strip_prefix(' ')?;
    let date = match rest.split_once(':') {
        Some((hour, minute)) if (hour.len(), minute.len()) == (2, 2) => {
            nearest_year(month, day, number(hour)?, number(minute)?, now)?
        }
        Some(_) => return None,
        None => {
            let year = number::<u16>(rest.strip_prefix(' ').filter(|year| year.len() == 4)?)?;
            Timestamp::from_date(year, month, day).filter(|_| year >= 1000)?.at(0, 0)?
        }
    };
    let (year, month, day, hour, minute) =
        (date.year(), date.month(), date.day(), date.hour(), date.minute());
    Some(format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}00"))
}

/// Parses a number without a sign.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Returns the time in the year that brings it nearest to now, and of two years the earlier one.
fn nearest_year(month: u8, day: u8, hour: u8, minute: u8, now: i64) -> Option<Timestamp> {
    let this_year = Timestamp::from_unix(now.div_euclid(MICROSECONDS), 0)?.year();
    // Leap years are 8 years apart around 1900 and 2100.
    let reach = if (month, day) == (2, 29) { 8 } else { 1 };
    (this_year.checked_sub(reach)?..=this_year + reach)
        .filter_map(|year| Timestamp::from_date(year, month, day)?.at(hour, minute))
        .min_by_key(|date| (date.to_unix(0) * MICROSECONDS - now).abs())
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const MICROSECONDS: i64 = 1_000_000;
