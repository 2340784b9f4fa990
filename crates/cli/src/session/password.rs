//! Where passwords come from.

use std::{
    env, fs,
    io::{self, BufRead, IsTerminal},
    path::Path,
};

use oxftp::{Credentials, FtpUrl, Secret};

use super::netrc::{self, Netrc};
use crate::{
    args::LoginArgs,
    failure::{Failure, Result},
};

/// Users and passwords that the flags, the environment, a netrc file and the user give, in this order; what
/// a URL names comes before all of them.
#[derive(Debug)]
pub(crate) struct Passwords {
    /// The user of `--user`, and the password that stands there with it.
    user: Option<(String, Option<Secret>)>,
    /// The password of `--password-file`, else of `OXFTP_PASSWORD`.
    password: Option<Secret>,
    netrc: Netrc,
    /// What was asked for and answered: user, host, password.
    answered: Vec<(String, String, Secret)>,
}

impl Passwords {
    /// Takes what the flags and the environment say, and reads the files that they name.
    pub(crate) fn of(args: &LoginArgs) -> Result<Self> {
        let mut passwords = Self::new(args.user.as_deref(), args.password_file.as_deref())?;
        passwords.netrc = match &args.netrc_file {
            Some(file) => netrc::read(file)?,
            None if args.netrc => netrc::read(&netrc::own_path()?)?,
            None => Netrc::default(),
        };
        Ok(passwords)
    }

    /// Takes a user and a password file, and the password of the environment.
    pub(crate) fn new(user: Option<&str>, file: Option<&Path>) -> Result<Self> {
        let password = match file {
            Some(file) => Some(first_line(file)?),
            None => env::var("OXFTP_PASSWORD").ok().map(Secret::new),
        };
        Ok(Self { user: user.map(split_user), password, netrc: Netrc::default(), answered: Vec::new() })
    }

    /// Gives who logs in where the URL says; what the URL itself names comes first.
    pub(crate) async fn credentials(&mut self, url: &FtpUrl) -> Result<Credentials> {
        let host = url.host().name;
        let named = url.user().or(self.user.as_ref().map(|(user, _)| user.as_str()));
        let filed = self.netrc.find(&host, named).cloned().unwrap_or_default();
        let Some(user) = named.map(str::to_owned).or(filed.user) else { return Ok(url.credentials()) };
        let password = match url.password().or(self.given_to(&user)).cloned().or(filed.password) {
            Some(password) => password,
            None => self.ask(&user, &host).await?,
        };
        let credentials = Credentials::new(user, password);
        Ok(match filed.account {
            Some(account) => credentials.account(account),
            None => credentials,
        })
    }

    /// Gives the user of the flags, and the password where there is one.
    pub(crate) fn given(&self) -> Option<(&str, Option<&Secret>)> {
        let (user, _) = self.user.as_ref()?;
        Some((user, self.given_to(user)))
    }

    /// Gives the password that a flag or the environment names.
    fn given_to(&self, user: &str) -> Option<&Secret> {
        let beside =
            self.user.as_ref().filter(|(named, _)| named == user).and_then(|(_, password)| password.as_ref());
        beside.or(self.password.as_ref())
    }

    /// Asks once for each user and host; where nobody can be asked, the password is empty.
    async fn ask(&mut self, user: &str, host: &str) -> Result<Secret> {
        let known = self.answered.iter().find(|(asked, at, _)| asked == user && at == host);
        if let Some((.., password)) = known {
            return Ok(password.clone());
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(Secret::default());
        }
        let password = prompt(format!("Password for {user}@{host}: ")).await?;
        self.answered.push((user.to_owned(), host.to_owned(), password.clone()));
        Ok(password)
    }
}

/// Takes `USER[:PASSWORD]` apart.
fn split_user(word: &str) -> (String, Option<Secret>) {
    match word.split_once(':') {
        Some((user, password)) => (user.to_owned(), Some(Secret::new(password))),
        None => (word.to_owned(), None),
    }
}

fn first_line(path: &Path) -> Result<Secret> {
    let mut line = String::new();
    let read = match path.as_os_str() == "-" {
        // What follows on stdin may be data.
        true => io::stdin().read_line(&mut line),
        false => fs::File::open(path).and_then(|file| io::BufReader::new(file).read_line(&mut line)),
    };
    read.map_err(|source| Failure::local(format!("cannot read the password file {path:?}"), source))?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

async fn prompt(text: String) -> Result<Secret> {
    // Ctrl-C drops this future while the other thread still waits for the answer, unseen.
    let _visible = Visible::again();
    let answer = tokio::task::spawn_blocking(move || rpassword::prompt_password(text));
    match answer.await {
        Ok(Ok(password)) => Ok(Secret::new(password)),
        Ok(Err(source)) => Err(Failure::local("cannot ask for the password", source)),
        Err(_) => Err(Failure::Interrupted),
    }
}

/// Makes what is typed visible again when dropped.
#[cfg(unix)]
struct Visible(Option<rustix::termios::Termios>);

#[cfg(unix)]
impl Visible {
    fn again() -> Self {
        Self(rustix::termios::tcgetattr(io::stdin()).ok())
    }
}

#[cfg(unix)]
impl Drop for Visible {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            // A terminal that is gone needs no repair.
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, settings);
        }
    }
}

#[cfg(not(unix))]
struct Visible;

#[cfg(not(unix))]
impl Visible {
    fn again() -> Self {
        Self
    }
}
