//! Users and passwords, from all sources.

use std::{
    env, fs,
    io::{self, BufRead, IsTerminal},
    path::Path,
};

use oxftp::{Credentials, FtpUrl, Netrc, Secret};

use super::{keyring::KeyringAccount, netrc};
use crate::{
    args::{KeyringArg, LoginArgs},
    argv::VARIABLE,
    failure::{Failure, Result, chain},
    terminal::warn,
};

/// Users and passwords from flags, the environment, a netrc file, the keyring and prompts, in this order; those in a URL
/// come first.
#[derive(Debug)]
pub(crate) struct Passwords {
    /// User and password of `--user`.
    user: Option<(String, Option<Secret>)>,
    /// Password of `--password-file`, else of `OXFTP_PASSWORD`.
    password: Option<Secret>,
    /// Command of `--password-command`.
    command: Option<String>,
    netrc: Netrc,
    keyring: Option<KeyringArg>,
    /// Passwords of the keyring, and those that it takes after the login.
    from_keyring: Vec<(KeyringAccount, Secret)>,
    to_store: Vec<(KeyringAccount, Secret)>,
    /// Answers to prompts and of the command.
    answers: Vec<PasswordAnswer>,
}

/// A password for a user of a host.
#[derive(Debug, Clone)]
struct PasswordAnswer {
    user: String,
    host: String,
    password: Secret,
}

impl Passwords {
    /// Reads the flags, the environment, and the files that the flags name.
    pub(crate) fn of(args: &LoginArgs) -> Result<Self> {
        let mut passwords = Self::new(args.user.as_deref(), args.password_file.as_deref())?;
        passwords.command = args.password_command.clone();
        passwords.keyring = args.keyring;
        passwords.netrc = match &args.netrc_file {
            Some(file) => netrc::read(file)?,
            None if args.netrc => netrc::read(&netrc::own_path()?)?,
            None => Netrc::default(),
        };
        Ok(passwords)
    }

    /// Reads a password file, or the password of the environment.
    pub(crate) fn new(user: Option<&str>, file: Option<&Path>) -> Result<Self> {
        let password = match file {
            Some(file) => Some(first_line(file)?),
            None => env::var("OXFTP_PASSWORD").ok().map(Secret::new),
        };
        Ok(Self {
            user: user.map(split_user),
            password,
            command: None,
            netrc: Netrc::default(),
            keyring: None,
            from_keyring: Vec::new(),
            to_store: Vec::new(),
            answers: Vec::new(),
        })
    }

    /// Returns the credentials for a URL; those in the URL come first.
    pub(crate) async fn credentials(&mut self, url: &FtpUrl) -> Result<Credentials> {
        let host = url.host().name;
        let named = url.user().or(self.user.as_ref().map(|(user, _)| user.as_str()));
        let from_netrc = self.netrc.find(&host, named).cloned().unwrap_or_default();
        let Some(user) = named.map(str::to_owned).or(from_netrc.user) else {
            if self.netrc.lacks_user(&host) {
                return Err(Failure::UsageWithHint {
                    what: format!("the netrc entry of {host} has no login"),
                    hint: "name the user with --user or in the URL, or add login NAME to the entry"
                        .to_owned(),
                });
            }
            return Ok(url.credentials());
        };
        let own = url.password().or(self.password_beside(&user)).cloned();
        let own = match (own, self.command.clone()) {
            (None, Some(command)) => Some(self.run(&command, &user, &host).await?),
            (own, _) => own.or_else(|| self.password.clone()).or(from_netrc.password),
        };
        let password = match own {
            Some(password) => password,
            None => self.keyring_or_prompt(&user, url).await?,
        };
        let credentials = Credentials::new(user, password);
        Ok(match from_netrc.account {
            Some(account) => credentials.account(account),
            None => credentials,
        })
    }

    /// Returns the user of the flags, with the password if there is one.
    pub(crate) fn flag_login(&self) -> Option<(&str, Option<&Secret>)> {
        let (user, _) = self.user.as_ref()?;
        Some((user, self.password_of(user)))
    }

    /// Returns the password of a flag or the environment.
    fn password_of(&self, user: &str) -> Option<&Secret> {
        self.password_beside(user).or(self.password.as_ref())
    }

    /// Returns the password of `--user`.
    fn password_beside(&self, user: &str) -> Option<&Secret> {
        self.user.as_ref().filter(|(named, _)| named == user).and_then(|(_, password)| password.as_ref())
    }

    fn answer(&self, user: &str, host: &str) -> Option<&PasswordAnswer> {
        self.answers.iter().find(|known| known.user == user && known.host == host)
    }

    /// Runs the command once for each user and host.
    async fn run(&mut self, command: &str, user: &str, host: &str) -> Result<Secret> {
        if let Some(known) = self.answer(user, host) {
            return Ok(known.password.clone());
        }
        let failed = |source| Failure::local("the password command failed", source);
        let run = tokio::process::Command::new("sh")
            .args(["-c", command])
            .envs([("OXFTP_USER", user), ("OXFTP_HOST", host)])
            .env_remove(VARIABLE)
            .stdin(std::process::Stdio::inherit())
            .stderr(std::process::Stdio::inherit())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(failed)?;
        if run.status.code() == Some(127) {
            return Err(failed(io::Error::other("the shell did not find the command")));
        }
        if !run.status.success() {
            return Err(failed(io::Error::other(run.status.to_string())));
        }
        let line = run.stdout.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let text = str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line));
        let text = text.map_err(|_| failed(io::Error::other("it printed no text")))?;
        if text.is_empty() {
            return Err(failed(io::Error::other("it printed no password")));
        }
        let password = Secret::new(text);
        self.answers.push(PasswordAnswer {
            user: user.to_owned(),
            host: host.to_owned(),
            password: password.clone(),
        });
        Ok(password)
    }

    /// Returns the password of the keyring if the flags ask for that, else prompts.
    async fn keyring_or_prompt(&mut self, user: &str, url: &FtpUrl) -> Result<Secret> {
        let host = url.host().name;
        let Some(keyring) = self.keyring else { return self.ask(user, &host).await };
        let account = KeyringAccount::of(user, url);
        if let Some((_, known)) = self.from_keyring.iter().find(|(known, _)| *known == account) {
            return Ok(known.clone());
        }
        let found = if keyring == KeyringArg::Read { account.password().await? } else { None };
        let password = match found {
            Some(password) => password,
            None => {
                let password = self.ask(user, &host).await?;
                self.to_store.push((account.clone(), password.clone()));
                password
            }
        };
        self.from_keyring.push((account, password.clone()));
        Ok(password)
    }

    /// Stores the passwords that were typed for this server in the keyring, because the server accepted them.
    pub(crate) async fn store_prompted(&mut self, url: &FtpUrl) {
        let accounts = std::mem::take(&mut self.to_store);
        for (account, password) in accounts {
            if !account.is_on(url) {
                self.to_store.push((account, password));
            } else if let Err(error) = account.store(&password).await {
                let why = chain(Some(&error)).join(": ");
                warn(format_args!("the password was not stored in the keyring: {why}"));
            }
        }
    }

    /// Prompts once for each user and host. Fails without a terminal: an empty password would count as a failed login.
    async fn ask(&mut self, user: &str, host: &str) -> Result<Secret> {
        if let Some(known) = self.answer(user, host) {
            return Ok(known.password.clone());
        }
        if ["anonymous", "ftp"].contains(&user) {
            return Ok(Secret::default());
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(Failure::NoTerminal { user: user.to_owned() });
        }
        let password = prompt(format!("Password for {user}@{host}: ")).await?;
        self.answers.push(PasswordAnswer {
            user: user.to_owned(),
            host: host.to_owned(),
            password: password.clone(),
        });
        Ok(password)
    }
}

/// Splits `USER[:PASSWORD]`.
fn split_user(word: &str) -> (String, Option<Secret>) {
    match word.split_once(':') {
        Some((user, password)) => (user.to_owned(), Some(Secret::new(password))),
        None => (word.to_owned(), None),
    }
}

fn first_line(path: &Path) -> Result<Secret> {
    let mut line = String::new();
    let read = match path.as_os_str() == "-" {
        // The rest of stdin may be data.
        true => io::stdin().read_line(&mut line),
        false => fs::File::open(path).and_then(|file| io::BufReader::new(file).read_line(&mut line)),
    };
    read.map_err(|source| Failure::local(format!("cannot read the password file {path:?}"), source))?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

async fn prompt(text: String) -> Result<Secret> {
    // Ctrl-C drops this future while the other thread still waits for input with echo off.
    let _echo = EchoGuard::new();
    let answer = tokio::task::spawn_blocking(move || rpassword::prompt_password(text));
    match answer.await {
        Ok(Ok(password)) => Ok(Secret::new(password)),
        Ok(Err(source)) => Err(Failure::local("cannot prompt for the password", source)),
        Err(_) => Err(Failure::Interrupted),
    }
}

/// Turns the echo of the terminal on again when dropped.
#[cfg(unix)]
struct EchoGuard(Option<rustix::termios::Termios>);

#[cfg(unix)]
impl EchoGuard {
    fn new() -> Self {
        Self(rustix::termios::tcgetattr(io::stdin()).ok())
    }
}

#[cfg(unix)]
impl Drop for EchoGuard {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            // Ignored: the terminal may be gone.
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, settings);
        }
    }
}

#[cfg(not(unix))]
struct EchoGuard;

#[cfg(not(unix))]
impl EchoGuard {
    fn new() -> Self {
        Self
    }
}
