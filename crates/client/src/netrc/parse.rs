//! Parser for netrc files.

use std::str::FromStr;

use oxftp_proto::Secret;

/// The logins of a netrc file, in the order of the file.
///
/// ```
/// let netrc: oxftp::Netrc = "machine ftp.example.org login me password secret".parse()?;
/// let login = netrc.find("FTP.example.org", None).expect("it names the host");
/// assert_eq!(login.user.as_deref(), Some("me"));
/// assert!(netrc.find("example.org", None).is_none());
/// # Ok::<(), oxftp::NetrcError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Netrc(Vec<MachineEntry>);

/// User, password and account of an entry of a [`Netrc`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetrcLogin {
    /// The user (`login`).
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// The account.
    pub account: Option<Secret>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct MachineEntry {
    /// `None` for `default`, which matches every host.
    machine: Option<String>,
    login: NetrcLogin,
}

impl Netrc {
    /// Returns the first login for this host and, if given, this user.
    ///
    /// If there is none, an entry of exactly this host without a user applies to any user that is given elsewhere. A
    /// `default` entry without a user never matches: its password would be sent to every host.
    ///
    /// ```
    /// let netrc: oxftp::Netrc = "machine example.org login me password secret".parse()?;
    /// let login = netrc.find("example.org", None).ok_or("no login")?;
    /// assert_eq!(login.user.as_deref(), Some("me"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn find(&self, host: &str, user: Option<&str>) -> Option<&NetrcLogin> {
        let of_any_user = || {
            user?;
            self.0
                .iter()
                .find(|entry| entry.is_of(host) && entry.login.user.is_none())
                .map(|entry| &entry.login)
        };
        self.find_user(host, user).or_else(of_any_user)
    }

    /// Returns whether an entry of this host has a password, but no user.
    ///
    /// ```
    /// let netrc: oxftp::Netrc = "machine example.org login me password secret".parse()?;
    /// assert!(!netrc.lacks_user("example.org"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn lacks_user(&self, host: &str) -> bool {
        self.0
            .iter()
            .any(|entry| entry.is_of(host) && entry.login.user.is_none() && entry.login.password.is_some())
    }

    fn find_user(&self, host: &str, user: Option<&str>) -> Option<&NetrcLogin> {
        let fits = |entry: &&MachineEntry| {
            let named = entry.login.user.as_deref();
            entry.machine.as_deref().is_none_or(|machine| machine.eq_ignore_ascii_case(host))
                && named.is_some()
                && (user.is_none() || user == named)
        };
        self.0.iter().find(fits).map(|entry| &entry.login)
    }
}

impl FromStr for Netrc {
    type Err = NetrcError;

    fn from_str(text: &str) -> Result<Self, NetrcError> {
        let mut tokens = Tokens::new(text);
        let mut entries: Vec<MachineEntry> = Vec::new();
        while let Some(word) = tokens.next()? {
            match word.as_str() {
                "machine" => entries.push(MachineEntry::of(Some(value(&mut tokens, "machine has no host")?))),
                "default" => entries.push(MachineEntry::of(None)),
                "macdef" => {
                    value(&mut tokens, "macdef has no name")?;
                    tokens.skip_macro();
                }
                word if word.starts_with('#') => tokens.skip_line(),
                word => last(&mut entries, &tokens)?.set(word, &mut tokens)?,
            }
        }
        Ok(Self(entries))
    }
}

impl MachineEntry {
    /// Returns whether the entry names this host.
    fn is_of(&self, host: &str) -> bool {
        self.machine.as_deref().is_some_and(|machine| machine.eq_ignore_ascii_case(host))
    }

    fn of(machine: Option<String>) -> Self {
        Self { machine, login: NetrcLogin::default() }
    }

    fn set(&mut self, word: &str, tokens: &mut Tokens<'_>) -> Result<(), NetrcError> {
        let login = &mut self.login;
        match word {
            "login" => login.user = Some(value(tokens, "login has no user")?),
            "password" => login.password = Some(Secret::new(value(tokens, "password has no value")?)),
            "account" => login.account = Some(Secret::new(value(tokens, "account has no value")?)),
            // The error does not show the word: it may be part of a password with a blank.
            _ => {
                return Err(wrong(
                    tokens,
                    "unknown word; expected machine, default, login, password, account or macdef",
                ));
            }
        }
        Ok(())
    }
}

fn last<'e>(
    entries: &'e mut [MachineEntry],
    tokens: &Tokens<'_>,
) -> Result<&'e mut MachineEntry, NetrcError> {
    entries.last_mut().ok_or_else(|| wrong(tokens, "a word before the first machine"))
}

fn value(tokens: &mut Tokens<'_>, missing: &'static str) -> Result<String, NetrcError> {
    match tokens.next()? {
        Some(value) => Ok(value),
        None => Err(wrong(tokens, missing)),
    }
}

fn wrong(tokens: &Tokens<'_>, why: &'static str) -> NetrcError {
    NetrcError { line: tokens.line(), why }
}

/// Error of a netrc file, without its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct NetrcError {
    /// The number of the line, from 1.
    pub line: usize,
    /// The reason.
    pub why: &'static str,
}

/// Splits a netrc file into words.
///
/// Blanks and line ends separate words, except in double quotes. There a backslash escapes the next character; `\n`,
/// `\r` and `\t` mean the same as in C.
#[derive(Debug)]
struct Tokens<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Tokens<'t> {
    fn new(text: &'t str) -> Self {
        // Some editors write a byte order mark.
        Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 }
    }

    /// Returns the number of the current line, from 1.
    fn line(&self) -> usize {
        self.line
    }

    /// Returns the next word, or `None` at the end.
    fn next(&mut self) -> Result<Option<String>, NetrcError> {
        self.skip(|character| character.is_whitespace());
        match self.rest.chars().next() {
            None => Ok(None),
            Some('"') => self.quoted().map(Some),
            Some(_) => Ok(Some(self.skip(|character| !character.is_whitespace()).to_owned())),
        }
    }

    /// Skips the rest of the line.
    fn skip_line(&mut self) {
        self.skip(|character| character != '\n');
    }

    /// Skips the body of a macro, which ends at an empty line or the end of the file.
    fn skip_macro(&mut self) {
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
                None => return Err(NetrcError { line: opened, why: "unclosed quote" }),
            }
        }
    }

    fn skip_one(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.rest = self.rest.get(character.len_utf8()..).unwrap_or_default();
        self.line += usize::from(character == '\n');
        Some(character)
    }

    /// Skips the characters for which `holds` returns `true`, and returns them.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn netrc(text: &str) -> Netrc {
        text.parse().unwrap()
    }

    fn found(text: &str, host: &str, user: Option<&str>) -> Option<(String, Option<Secret>)> {
        let netrc = netrc(text);
        netrc.find(host, user).map(|login| (login.user.clone().unwrap(), login.password.clone()))
    }

    fn login(user: &str, password: &str) -> Option<(String, Option<Secret>)> {
        Some((user.to_owned(), Some(Secret::new(password))))
    }

    #[test]
    fn netrc_login_needs_the_exact_host_and_user() {
        let text =
            "machine h login a password 1\nmachine h login b password 2\nmachine H2 login a password 3";

        assert_eq!(found(text, "h", None), login("a", "1"));
        assert_eq!(found(text, "h", Some("b")), login("b", "2"));
        assert_eq!(found(text, "h2", Some("a")), login("a", "3"));
        assert_eq!(found(text, "h", Some("c")), None);
        assert_eq!(found(text, "sub.h", None), None);
        assert_eq!(found(text, "x", Some("a")), None);
    }

    #[test]
    fn netrc_default_matches_every_host_but_one_user() {
        let text = "machine h login a password 1 default login anonymous password me@";

        assert_eq!(found(text, "elsewhere", None), login("anonymous", "me@"));
        assert_eq!(found(text, "elsewhere", Some("a")), None);
    }

    #[test]
    fn netrc_password_without_user_is_for_its_host() {
        let text = "machine h password 1 machine h login b password 2 default password 3";
        let password = |host, user| {
            netrc(text)
                .find(host, user)
                .and_then(|login| login.password.clone())
                .map(|it| it.expose().to_owned())
        };

        assert_eq!(password("H", Some("a")).as_deref(), Some("1"));
        assert_eq!(password("h", Some("b")).as_deref(), Some("2"));
        assert_eq!(password("elsewhere", Some("a")), None);
        assert_eq!(netrc("machine h password 1").find("h", None), None);
        assert!(netrc(text).lacks_user("h") && !netrc(text).lacks_user("elsewhere"));
    }

    #[test]
    fn quoted_words_may_contain_blanks_and_escapes() {
        let text = r#"machine h login "a b" password "c\"d\\\t\n #e""#;
        assert_eq!(found(text, "h", None), login("a b", "c\"d\\\t\n #e"));
    }

    #[test]
    fn macros_and_comments_are_skipped() {
        let text = "# machine no login no password no\nmachine h\n  macdef init\n  machine no login no\n\tcd x\n\n login a # me\n password #1\n";
        assert_eq!(found(text, "h", None), login("a", "#1"));
        assert_eq!(found(text, "no", None), None);
        assert_eq!(
            found("machine h login a password 1 macdef x\r\nmachine no\r\n\r\nmachine i login b", "i", None),
            Some(("b".to_owned(), None))
        );
    }

    #[test]
    fn account_belongs_to_its_login() {
        let netrc = netrc("machine h login a password 1 account dept");
        assert_eq!(netrc.find("h", None).unwrap().account, Some(Secret::new("dept")));
    }

    #[test]
    fn netrc_error_names_the_line_without_content() {
        for (text, line) in [
            ("login hush", 1),
            ("machine", 1),
            ("machine h\nlogin a password two hush", 2),
            ("machine h login a\npassword", 2),
            ("machine h\nlogin a\n password \"hush\n\n", 3),
            ("macdef", 1),
        ] {
            let error = text.parse::<Netrc>().unwrap_err();
            assert_eq!(error.line, line, "{text:?}: {error}");
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }

    #[test]
    fn netrc_parser_never_panics() {
        let pieces = [
            "machine", " ", "\n", "\"", "\\", "macdef x", "default", "é", "#", "login", "password", "\r",
            "\u{feff}",
        ];
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text += pieces[(state >> 33) as usize % pieces.len()];
            }
            let _ = text.parse::<Netrc>();
        }
    }
}
