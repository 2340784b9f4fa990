//! Patterns in the paths of URLs. What is percent-encoded is never part of a pattern.

use globset::{GlobBuilder, GlobMatcher};
use percent_encoding::percent_decode_str;

/// A pattern, divided into the directory before it and the names that it matches there.
#[derive(Debug)]
pub(crate) struct UrlGlob {
    /// The path before the first name with a pattern; empty for the login directory.
    pub(crate) base: Vec<u8>,
    pub(crate) names: Names,
}

/// The names below the directory.
#[derive(Debug)]
pub(crate) enum Names {
    /// One pattern for each level.
    Levels(Vec<NamePattern>),
    /// One pattern for the path, because `**` matches any number of levels.
    Tree(NamePattern),
}

/// A pattern for a name or, with `**`, for a path.
#[derive(Debug)]
pub(crate) struct NamePattern {
    matcher: GlobMatcher,
    /// The name that is written like the pattern.
    literal: String,
    /// Names that begin with a dot may match.
    dots: bool,
}

impl NamePattern {
    fn new(encoded: &str) -> Result<Self, String> {
        let (pattern, literal) = (escaped(encoded), decoded(encoded));
        let glob = GlobBuilder::new(&pattern).literal_separator(true).backslash_escape(true).build();
        let matcher = glob.map_err(|error| error.kind().to_string())?.compile_matcher();
        let dots = encoded.split('/').any(|name| decoded(name).starts_with('.'));
        Ok(Self { matcher, literal, dots })
    }

    /// Returns whether a name or path matches; hidden names only if the pattern names one.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path) && (self.dots || !path.split('/').any(|name| name.starts_with('.')))
    }

    /// Returns whether the name is exactly the text of the pattern: then only it is meant.
    pub(crate) fn is_exactly(&self, name: &str) -> bool {
        self.literal == name
    }
}

impl UrlGlob {
    /// Parses the encoded path of a URL; returns `None` if it has no pattern.
    pub(crate) fn parse(encoded: &str) -> Result<Option<Self>, String> {
        let encoded = encoded.trim_end_matches('/');
        let names: Vec<&str> = encoded.split('/').collect();
        let Some(first) = names.iter().position(|name| is_pattern(name)) else { return Ok(None) };
        let (before, names) = names.split_at(first);
        Ok(Some(Self { base: directory(before), names: Names::new(names)? }))
    }
}

impl Names {
    /// Parses encoded names below a directory.
    fn new(names: &[&str]) -> Result<Self, String> {
        let names: Vec<&str> = names.iter().copied().filter(|name| !name.is_empty()).collect();
        Ok(match names.contains(&"**") {
            true => Self::Tree(NamePattern::new(&names.join("/"))?),
            false => Self::Levels(names.into_iter().map(NamePattern::new).collect::<Result<_, _>>()?),
        })
    }

    /// Returns whether a path below the directory matches, lies within a directory that matches, or is a directory on
    /// the way to such paths.
    fn accepts(&self, path: &str, is_dir: bool) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        match self {
            Self::Levels(levels) => {
                let is_within = parts.len() >= levels.len();
                (is_within || is_dir) && levels.iter().zip(parts).all(|(level, name)| level.matches(name))
            }
            Self::Tree(pattern) => {
                is_dir || (1..=parts.len()).any(|end| pattern.matches(&parts[..end].join("/")))
            }
        }
    }
}

/// Returns the decoded path of encoded names.
fn directory(names: &[&str]) -> Vec<u8> {
    match names {
        [""] => b"/".to_vec(),
        names => percent_decode_str(&names.join("/")).collect(),
    }
}

/// A pattern for the source of a tree: the directory before the first name with a pattern, and what is selected in it.
#[derive(Debug)]
pub(crate) struct TreeGlob {
    /// The path of the directory; empty for the login directory.
    pub(crate) base: Vec<u8>,
    alternatives: Vec<Names>,
}

impl TreeGlob {
    /// Parses the encoded path of a URL; returns `None` if it has no pattern.
    pub(crate) fn parse(encoded: &str) -> Result<Option<Self>, String> {
        let paths = alternatives(encoded.trim_end_matches('/'));
        let paths: Vec<Vec<&str>> = paths.iter().map(|path| path.split('/').collect()).collect();
        let Some((first, others)) = paths.split_first() else { return Ok(None) };
        let is_common = |at: usize, name: &str| others.iter().all(|other| other.get(at) == Some(&name));
        let fixed =
            first.iter().enumerate().take_while(|(at, name)| !is_pattern(name) && is_common(*at, name));
        let fixed = fixed.count();
        if fixed == first.len() {
            return Ok(None);
        }
        let below = paths.iter().map(|path| Names::new(&path[fixed..]));
        Ok(Some(Self { base: directory(&first[..fixed]), alternatives: below.collect::<Result<_, _>>()? }))
    }

    /// Returns whether a path below the directory is selected.
    pub(crate) fn accepts(&self, path: &str, is_dir: bool) -> bool {
        self.alternatives.iter().any(|names| names.accepts(path, is_dir))
    }
}

/// Replaces `{a,b}` and `{1..3}` by each of their alternatives, as shells do. Braces without a comma are part of the name.
pub(crate) fn alternatives(path: &str) -> Vec<String> {
    let mut from = 0;
    while let Some(open) = path.get(from..).and_then(|rest| rest.find('{')).map(|at| at + from) {
        if let Some((inner, end)) = braced(path, open) {
            let choices = choices(inner);
            if choices.len() > 1 {
                let (before, after) = (&path[..open], &path[end..]);
                let expanded = choices.iter().map(|choice| format!("{before}{choice}{after}"));
                return expanded.flat_map(|path| alternatives(&path)).take(MAX_ALTERNATIVES).collect();
            }
        }
        from = open + 1;
    }
    vec![path.to_owned()]
}

/// Returns what stands between the brace at `open` and the one that closes it, and where the latter ends.
fn braced(path: &str, open: usize) -> Option<(&str, usize)> {
    let mut depth = 0;
    for (at, character) in path.char_indices().skip_while(|(at, _)| *at < open) {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return Some((&path[open + 1..at], at + 1)),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn choices(inner: &str) -> Vec<String> {
    if let Some((from, to)) = inner.split_once("..")
        && let (Ok(from), Ok(to)) = (from.parse::<u32>(), to.parse::<u32>())
        && from <= to
        && ((to - from) as usize) < MAX_ALTERNATIVES
    {
        return (from..=to).map(|number| number.to_string()).collect();
    }
    let mut choices = vec![String::new()];
    let mut depth = 0;
    for character in inner.chars() {
        match character {
            ',' if depth == 0 => {
                choices.push(String::new());
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if let Some(last) = choices.last_mut() {
            last.push(character);
        }
    }
    choices
}

/// Returns whether a name contains `*`, `?` or a set in brackets.
fn is_pattern(name: &str) -> bool {
    let mut characters = name.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '*' | '?' => return true,
            '[' if closes(&name[at..]) => return true,
            _ => {}
        }
    }
    false
}

/// Returns whether a bracket at the beginning is closed after at least one character.
fn closes(from_bracket: &str) -> bool {
    from_bracket.chars().skip(2).any(|character| character == ']')
}

/// Decodes a pattern, with backslashes before what was encoded and before what is no pattern here.
fn escaped(encoded: &str) -> String {
    let mut pattern = String::new();
    let mut rest = encoded;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        if character == '%' {
            // Several encoded bytes may be one character.
            let hex = |text: &str| {
                text.get(1..3).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            };
            let mut end = 0;
            while rest.get(end..).is_some_and(|text| text.starts_with('%') && hex(text)) {
                end += 3;
            }
            if end > 0 {
                for character in decoded(&rest[..end]).chars() {
                    push_literal(&mut pattern, character);
                }
                rest = &rest[end..];
                continue;
            }
        }
        match character {
            '{' | '}' => push_literal(&mut pattern, character),
            '[' if !closes(rest) => push_literal(&mut pattern, character),
            character => pattern.push(character),
        }
        rest = after;
    }
    pattern
}

fn push_literal(pattern: &mut String, character: char) {
    if "*?[]{}\\".contains(character) {
        pattern.push('\\');
    }
    pattern.push(character);
}

fn decoded(encoded: &str) -> String {
    percent_decode_str(encoded).decode_utf8_lossy().into_owned()
}

/// More are not expanded.
const MAX_ALTERNATIVES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(encoded: &str, path: &str) -> bool {
        match UrlGlob::parse(encoded).unwrap().unwrap().names {
            Names::Tree(pattern) => pattern.matches(path),
            Names::Levels(levels) => {
                let names: Vec<_> = path.split('/').collect();
                names.len() == levels.len()
                    && levels.iter().zip(names).all(|(level, name)| level.matches(name))
            }
        }
    }

    #[test]
    fn glob_in_url_matches_names() {
        for (pattern, name) in [
            ("*.csv", "a.csv"),
            ("pub/*.csv", "a.csv"),
            ("/pub/[a-c]?", "bx"),
            ("*/x*", "any/x1"),
            ("a%2Ab*", "a*bc"),
            ("%C3%A9*", "éa"),
            (".*", ".hidden"),
            ("[!a]x", "bx"),
            ("x[*", "x[y"),
            ("a{b}*", "a{b}c"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.csv", ".a.csv"),
            ("*", "a/b"),
            ("a%2A?", "abc"),
            ("*/x", "x"),
            ("[a]*", "b"),
            ("a{b}*", "abc"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn two_stars_match_any_depth() {
        for path in ["x.csv", "a/x.csv", "a/b/x.csv"] {
            assert!(matches("pub/**/*.csv", path), "{path}");
        }
        assert!(!matches("pub/**/*.csv", "a/.git/x.csv"));
        assert!(!matches("pub/**/x/*.csv", "a/x.csv"));
        assert!(matches("pub/a*/**", "ab/c/d"));
    }

    #[test]
    fn url_without_pattern_is_no_glob() {
        for path in ["", "/", "a/b", "a%2A", "a\\*", "a[b", "a{b}", "[]"] {
            assert!(UrlGlob::parse(path).unwrap().is_none(), "{path}");
        }
        let base = |path: &str| UrlGlob::parse(path).unwrap().unwrap().base;
        assert_eq!(base("*"), b"");
        assert_eq!(base("/*"), b"/");
        assert_eq!(base("//a%20b/*/c"), b"//a b");
        assert_eq!(base("a/b/*"), b"a/b");
        assert!(UrlGlob::parse("[b-a]*").is_err());
    }

    #[test]
    fn braces_expand_to_alternatives() {
        let expanded = |path: &str| alternatives(path).join(" ");

        assert_eq!(expanded("x{a,b}y"), "xay xby");
        assert_eq!(expanded("{a,b{1..2}}/{c,}"), "a/c a/ b1/c b1/ b2/c b2/");
        assert_eq!(expanded("{}{a}{b"), "{}{a}{b");
        assert_eq!(expanded("{x}{a,b}"), "{x}a {x}b");
        assert_eq!(expanded("%7Ba,b%7D"), "%7Ba,b%7D");
        assert_eq!(alternatives("{1..9999}{1..9999}").len(), 10_000);
    }

    #[test]
    fn glob_of_tree_selects_below_directory() {
        let parse = |path: &str| TreeGlob::parse(path).unwrap();
        let accepts = |pattern: &str, path, is_dir| parse(pattern).unwrap().accepts(path, is_dir);

        assert_eq!(parse("a/{b,c}/d").unwrap().base, b"a");
        assert_eq!(parse("/{x/y,z}").unwrap().base, b"/");
        assert_eq!(parse("a%20b/{c,c}").map(|glob| glob.base), None);
        assert!(parse("a/b/").is_none() && parse("").is_none());
        for (pattern, path, is_dir) in [
            ("d/2026-*", "2026-01", true),
            ("d/2026-*", "2026-01/a/b", false),
            ("d/*/x", "any", true),
            ("d/{a,b/c}", "b/c/file", false),
            ("d/{a,b/c}", "b", true),
            ("d/**/*.csv", "a/b", true),
            ("d/**/*.csv", "a/b.csv", false),
        ] {
            assert!(accepts(pattern, path, is_dir), "{pattern} {path}");
        }
        for (pattern, path, is_dir) in [
            ("d/2026-*", "2025-01", true),
            ("d/2026-*", "2025-01/2026-1", false),
            ("d/*/x", "any", false),
            ("d/*", ".hidden", false),
            ("d/{a,b/c}", "b/d", true),
            ("d/**/*.csv", "a/b.txt", false),
        ] {
            assert!(!accepts(pattern, path, is_dir), "{pattern} {path}");
        }
    }
}
