//! Login: `USER`, `PASS`, `ACCT`.

use super::{Dialog, DialogError, Event, Step};
use crate::{Code, Command, Encoding, InvalidCommand, Reply, Secret, classify};

/// Credentials: a user, a password and, on a few servers, an account.
///
/// Defaults to the user `anonymous` with the password `anon@` and no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user (`USER`).
    pub user: String,
    /// The password (`PASS`).
    pub password: Secret,
    /// The account (`ACCT`), almost always empty. If it is empty, a server that demands one is sent `noaccount`.
    pub account: Secret,
}

impl Credentials {
    /// Creates credentials from a user and a password.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { user: user.into(), password: password.into(), account: Secret::default() }
    }

    /// Returns the credentials for public servers: `anonymous`, `anon@`.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::new("anonymous", "anon@")
    }

    /// Sets the account for servers that require one (`332`).
    #[must_use]
    pub fn account(mut self, account: impl Into<Secret>) -> Self {
        self.account = account.into();
        self
    }
}

impl Default for Credentials {
    fn default() -> Self {
        Self::anonymous()
    }
}

/// Logs in: `USER`, `PASS` on `331`, `ACCT` on `332` (RFC 959, 5.4).
///
/// Every `2xx` ends it, as in curl, lftp and `FileZilla`: besides `230`, `232` and `202`, servers send `200` and
/// `220`. `221` is an exception: the server closes the session. Each command is sent once: a server that asks for the
/// password again causes an error and does not receive it twice.
#[derive(Debug)]
pub struct Login {
    user: Option<Command>,
    password: Option<Command>,
    account: Option<Command>,
    /// The greeting that has already logged in.
    greeting: Option<Reply>,
}

impl Login {
    /// Creates the dialog.
    ///
    /// # Errors
    ///
    /// [`InvalidCommand`] when a part cannot be sent as one line in this encoding.
    pub fn new(credentials: &Credentials, encoding: Encoding) -> Result<Self, InvalidCommand> {
        let secret = |verb, secret: &Secret| match encoding.encode(secret.expose()) {
            Some(bytes) => Command::with_secret(verb, bytes),
            None => Err(InvalidCommand::NoForm { text: format!("the argument of {verb}"), encoding }),
        };
        let user = &credentials.user;
        let no_form = || InvalidCommand::NoForm { text: user.clone(), encoding };
        let account = &credentials.account;
        Ok(Self {
            user: Some(Command::with_argument("USER", encoding.encode(user).ok_or_else(no_form)?)?),
            password: Some(secret("PASS", &credentials.password)?),
            account: Some(match account.is_empty() {
                true => Command::with_argument("ACCT", NO_ACCOUNT)?,
                false => secret("ACCT", account)?,
            }),
            greeting: None,
        })
    }

    /// Sets the greeting. If it was `230`, the session is logged in, and the dialog also succeeds if the server does
    /// not accept `USER`; the result is the greeting then.
    ///
    /// `USER` is sent nevertheless, as lftp, `FileZilla` and `WinSCP` do (curl skips it): the session may be that of
    /// a guest, and the user may have more rights. Servers without users refuse the command with `500` to `503`, or
    /// with `530` because the session is logged in already. Any other `530`, and every refusal of the password, is an
    /// error: the session would be that of another user.
    ///
    /// Do not call this after `AUTH TLS`: the greeting was not encrypted, and anyone may have sent it.
    #[must_use]
    pub fn greeted_with(self, greeting: Reply) -> Self {
        Self { greeting: Some(greeting).filter(|greeting| greeting.code() == Code::LOGGED_IN), ..self }
    }
}

impl Dialog for Login {
    type Output = Reply;

    fn step(&mut self, event: Event) -> Result<Step<Reply>, DialogError> {
        let reply = match event {
            Event::Start => return Ok(Step::Send(self.user.take().ok_or(DialogError::OutOfTurn)?)),
            Event::Reply(reply) => reply,
            _ => return Err(DialogError::OutOfTurn),
        };
        let greeting = self.greeting.take();
        if let Some(greeting) = greeting.filter(|_| classify::refuses_second_login(&reply)) {
            return Ok(Step::Done(greeting));
        }
        let next = match reply.code() {
            Code::CLOSING => None,
            code if code.is_success() => return Ok(Step::Done(reply)),
            Code::NEED_PASSWORD => self.password.take(),
            Code::NEED_ACCOUNT => self.account.take(),
            _ => None,
        };
        next.map(Step::Send).ok_or_else(|| reply.unexpected(&["230", "232", "202"]).into())
    }
}

/// The account of users who have none. Firefox sent the same: servers that demand an account accept any, or the user has to
/// name one.
const NO_ACCOUNT: &[u8] = b"noaccount";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    fn login(account: &str) -> Login {
        Login::new(&Credentials::new("u", "p").account(account), Encoding::UTF_8).unwrap()
    }

    #[test]
    fn password_and_account_are_sent_on_request() {
        assert_eq!(replay(login(""), "> USER u\n< 230 in").unwrap().code().get(), 230);
        assert_eq!(replay(login(""), "> USER u\n< 331 more\n> PASS p\n< 202 in").unwrap().code().get(), 202);
        replay(login("a"), "> USER u\n< 331 more\n> PASS p\n< 332 more\n> ACCT a\n< 232 in").unwrap();
        replay(login("a"), "> USER u\n< 332 more\n> ACCT a\n< 230 in").unwrap();
    }

    #[test]
    fn user_answered_by_any_2xx_is_logged_in() {
        for code in [200, 202, 220, 226, 230, 232, 250] {
            let script = format!("> USER u\n< {code} fine, proceed without password");
            assert_eq!(replay(login(""), &script).unwrap().code().get(), code);
            let script = format!("> USER u\n< 331 more\n> PASS p\n< {code} in");
            assert_eq!(replay(login(""), &script).unwrap().code().get(), code);
        }
        assert!(replay(login(""), "> USER u\n< 221 too many users").is_err());
        assert!(replay(login(""), "> USER u\n< 331 more\n> PASS p\n< 221 bye").is_err());
    }

    #[test]
    fn login_after_greeting_of_230_succeeds() {
        let greeting = |code: u16| Reply::new(Code::new(code).unwrap(), [&b"hello"[..]]);
        let after = |code, script: &str| replay(login("").greeted_with(greeting(code)), script);

        for refusal in [
            "500 what?",
            "502 Command not implemented.",
            "503 You are already logged in",
            "530 Already logged in.",
        ] {
            let script = format!("> USER u\n< {refusal}");
            assert_eq!(after(230, &script), Ok(greeting(230)), "{refusal}");
            assert!(after(220, &script).is_err(), "{refusal}");
        }
        assert_eq!(after(230, "> USER u\n< 230 in").unwrap().text(), "in");
        assert_eq!(after(230, "> USER u\n< 331 more\n> PASS p\n< 230 in").unwrap().text(), "in");
    }

    #[test]
    fn greeting_of_230_never_hides_refused_credentials() {
        let greeting = || Reply::new(Code::LOGGED_IN, [&b"hello"[..]]);
        for script in [
            "> USER u\n< 530 Can't change from guest user.",
            "> USER u\n< 530 Login incorrect.",
            "> USER u\n< 421 bye",
            "> USER u\n< 331 more\n> PASS p\n< 530 Login incorrect.",
            "> USER u\n< 331 more\n> PASS p\n< 503 already logged in",
        ] {
            assert!(replay(login("").greeted_with(greeting()), script).is_err(), "{script}");
        }
    }

    #[test]
    fn repeated_331_gets_no_second_password() {
        let error = replay(login(""), "> USER u\n< 331 more\n> PASS p\n< 331 again").unwrap_err();
        assert!(matches!(error, DialogError::StatusCode(error) if error.received[0].get() == 331));
    }

    #[test]
    fn missing_account_is_sent_as_noaccount() {
        replay(login(""), "> USER u\n< 331 more\n> PASS p\n< 332 account?\n> ACCT noaccount\n< 230 in")
            .unwrap();
        assert!(
            replay(login(""), "> USER u\n< 332 account?\n> ACCT noaccount\n< 530 no such account").is_err()
        );
        assert!(replay(login(""), "> USER u\n< 332 account?\n> ACCT noaccount\n< 332 account?").is_err());
    }

    #[test]
    fn credentials_hide_their_secrets() {
        let credentials = Credentials::new("u", "hunter2").account("tank");
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("tank"), "{shown}");
    }
}
