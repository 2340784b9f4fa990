//! The text of a netrc file: pure, and never at a loss for what it is given.

use std::str::FromStr;

use oxftp::Secret;

use super::tokens::Tokens;

/// The logins of a netrc file, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Netrc(Vec<Entry>);

/// A login as a file gives it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) account: Option<Secret>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// `None` for `default`, which is any machine.
    machine: Option<String>,
    login: Login,
}

impl Netrc {
    /// Gives the first login for this very host and, where one is named, this very user.
    ///
    /// An entry that names no user fits no user that is named: its password is somebody else's.
    pub(crate) fn find(&self, host: &str, user: Option<&str>) -> Option<&Login> {
        let fits = |entry: &&Entry| {
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
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(word) = tokens.next()? {
            match word.as_str() {
                "machine" => entries.push(Entry::of(Some(value(&mut tokens, "machine names no host")?))),
                "default" => entries.push(Entry::of(None)),
                "macdef" => {
                    value(&mut tokens, "macdef names no macro")?;
                    tokens.skip_macro();
                }
                word if word.starts_with('#') => tokens.skip_line(),
                word => last(&mut entries, &tokens)?.set(word, &mut tokens)?,
            }
        }
        Ok(Self(entries))
    }
}

impl Entry {
    fn of(machine: Option<String>) -> Self {
        Self { machine, login: Login::default() }
    }

    fn set(&mut self, word: &str, tokens: &mut Tokens<'_>) -> Result<(), NetrcError> {
        let login = &mut self.login;
        match word {
            "login" => login.user = Some(value(tokens, "login names no user")?),
            "password" => login.password = Some(Secret::new(value(tokens, "password is followed by none")?)),
            "account" => login.account = Some(Secret::new(value(tokens, "account is followed by none")?)),
            // The word may be part of a password with a blank, so it is not shown.
            _ => {
                return Err(wrong(
                    tokens,
                    "a word that is none of machine, default, login, password, account and macdef",
                ));
            }
        }
        Ok(())
    }
}

fn last<'e>(entries: &'e mut [Entry], tokens: &Tokens<'_>) -> Result<&'e mut Entry, NetrcError> {
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

/// A netrc file cannot be read; what it holds is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub(crate) struct NetrcError {
    pub(crate) line: usize,
    pub(crate) why: &'static str,
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
    fn a_login_is_found_by_the_very_host_and_the_very_user() {
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
    fn default_is_every_machine_and_still_one_user() {
        let text = "machine h login a password 1 default login anonymous password me@";

        assert_eq!(found(text, "elsewhere", None), login("anonymous", "me@"));
        assert_eq!(found(text, "elsewhere", Some("a")), None);
    }

    #[test]
    fn a_password_without_a_user_is_nobodys() {
        assert_eq!(found("machine h password 1", "h", Some("a")), None);
        assert_eq!(found("machine h password 1", "h", None), None);
    }

    #[test]
    fn quotes_hold_blanks_and_escapes() {
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
    fn an_account_belongs_to_its_login() {
        let netrc = netrc("machine h login a password 1 account dept");
        assert_eq!(netrc.find("h", None).unwrap().account, Some(Secret::new("dept")));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line_and_not_repeated() {
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
    fn no_text_makes_the_parser_panic() {
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
