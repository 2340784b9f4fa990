//! The words of a netrc file.

use super::parse::NetrcError;

/// Takes a text apart into words: blanks and line ends separate them, double quotes hold them together,
/// and within those a backslash takes the next character as it is (`\n`, `\r` and `\t` as in C).
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        // Some editors put a mark before the first character.
        Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 }
    }

    /// Gives the number of the line that was read last, from 1.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Gives the next word, `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<String>, NetrcError> {
        self.skip(|character| character.is_whitespace());
        match self.rest.chars().next() {
            None => Ok(None),
            Some('"') => self.quoted().map(Some),
            Some(_) => Ok(Some(self.skip(|character| !character.is_whitespace()).to_owned())),
        }
    }

    /// Skips the rest of the line.
    pub(super) fn skip_line(&mut self) {
        self.skip(|character| character != '\n');
    }

    /// Skips the body of a macro: it ends with an empty line, or with the text.
    pub(super) fn skip_macro(&mut self) {
        self.skip_line();
        while !self.rest.is_empty() {
            self.skip_one();
            if self.skip(|character| character != '\n').trim_end_matches('\r').is_empty() {
                return;
            }
        }
    }

    fn quoted(&mut self) -> Result<String, NetrcError> {
        let opened = self.line;
        self.skip_one();
        let mut word = String::new();
        loop {
            match self.skip_one() {
                Some('"') => return Ok(word),
                Some('\\') => word.extend(self.skip_one().map(unescaped)),
                Some(character) => word.push(character),
                None => return Err(NetrcError { line: opened, why: "a quote is not closed" }),
            }
        }
    }

    fn skip_one(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.rest = self.rest.get(character.len_utf8()..).unwrap_or_default();
        self.line += usize::from(character == '\n');
        Some(character)
    }

    /// Skips the characters for which this holds, and gives them.
    fn skip(&mut self, holds: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|character| !holds(character)).unwrap_or(self.rest.len());
        let (skipped, rest) = self.rest.split_at(end);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
        skipped
    }
}

fn unescaped(character: char) -> char {
    match character {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}
