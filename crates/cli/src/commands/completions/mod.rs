//! `completions`: completion scripts for shells, and the bookmarks and remote paths that they complete.

mod listing_cache;
mod scripts;

use std::{
    env,
    ffi::OsString,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use clap::{Args, Command, FromArgMatches};
use clap_complete::Shell;
use oxftp::FtpUrl;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use self::listing_cache::ListingCache;
use crate::{
    app::App,
    args::{ConnectionArgs, TimeoutSeconds},
    failure::{Failure, Result},
    output::Output,
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Shell: bash, zsh, fish, powershell or elvish
    #[arg(value_name = "SHELL", hide_possible_values = true, required_unless_present_any = ["words", "fill"])]
    shell: Option<Shell>,
    /// Print the completions of the last word of the command line in OXFTP_COMPLETE
    #[arg(long, hide = true)]
    words: bool,
    /// List the directory of that word for the cache
    #[arg(long, hide = true)]
    fill: bool,
}

pub(crate) async fn run(args: CompletionsArgs, mut program: Command, app: &App) -> Result {
    let mut output = Output::new();
    if let Some(shell) = args.shell {
        output.bytes(scripts::script(shell, &mut program).as_bytes()).await?;
        return output.flush().await;
    }
    let line = env::var(LINE).unwrap_or_default();
    let Some(typed) = Typed::read(&line) else { return Ok(()) };
    if args.fill {
        if let Some(directory) = Directory::of(&typed, program, app) {
            directory.fill().await;
        }
        return Ok(());
    }
    for candidate in candidates(&typed, program, app).await {
        output.line(candidate).await?;
    }
    output.flush().await
}

/// A command line up to the cursor.
#[derive(Debug, PartialEq, Eq)]
struct Typed<'l> {
    earlier: Vec<&'l str>,
    word: &'l str,
}

impl<'l> Typed<'l> {
    /// Divides a line at blanks; what is in quotes is not completed.
    fn read(line: &'l str) -> Option<Self> {
        let start = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let (before, word) = line.split_at_checked(start)?;
        let is_word = word.starts_with('@') || word.contains("://");
        is_word.then(|| Self { earlier: before.split_whitespace().collect(), word })
    }
}

async fn candidates(typed: &Typed<'_>, program: Command, app: &App) -> Vec<String> {
    if let Some(name) = typed.word.strip_prefix('@').filter(|name| !name.contains('/')) {
        let names = app.settings.bookmarks().iter().map(|(name, _)| name.as_str());
        return names.filter(|kept| kept.starts_with(name)).map(|kept| format!("@{kept}/")).collect();
    }
    let Some(directory) = Directory::of(typed, program, app) else { return Vec::new() };
    let (written, start) = typed.word.split_at(typed.word.rfind('/').map_or(0, |at| at + 1));
    let start = percent_decode_str(start).decode_utf8_lossy();
    let names = directory.names().await;
    let fits =
        |name: &&String| name.starts_with(&*start) && (!name.starts_with('.') || start.starts_with('.'));
    names.iter().filter(fits).map(|name| format!("{written}{}", encoded(name))).collect()
}

/// Encodes the characters of a name that would need quotes.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        match character.is_ascii() {
            true => text.extend(utf8_percent_encode(character.encode_utf8(&mut [0; 4]), QUOTED)),
            false => text.push(character),
        }
    }
    text
}

/// The directory on a server whose names complete a word.
struct Directory {
    url: FtpUrl,
    connection: ConnectionArgs,
    cache: ListingCache,
}

impl Directory {
    /// Returns the directory of the typed word; `None` if there is none, or its names cannot be asked for silently.
    fn of(typed: &Typed<'_>, program: Command, app: &App) -> Option<Self> {
        let (directory, _) = typed.word.split_at(typed.word.rfind('/')? + 1);
        if directory.ends_with("://") {
            return None;
        }
        let words = typed.earlier.iter().copied().chain([directory]).map(OsString::from).collect();
        let (words, settings) = app.settings.clone().apply_to(words);
        let url: FtpUrl = words.last()?.to_str()?.parse().ok()?;
        let command = settings.preset(program).ignore_errors(true);
        let matches = command.try_get_matches_from(&words).ok()?;
        let (_, verb) = matches.subcommand()?;
        let mut connection = ConnectionArgs::from_arg_matches(verb).ok()?;
        let timeout = Some(TimeoutSeconds(Some(TIMEOUT)));
        (connection.network.connect_timeout, connection.network.timeout) = (timeout, timeout);
        connection.network.retries = 0;
        // The command of a password store may open a window.
        connection.login.password_command = None;
        let user = connection.login.user.as_deref().map(|login| login.split(':').next().unwrap_or_default());
        let cache = ListingCache::of(&url.to_string(), user.unwrap_or_default())?;
        Some(Self { url, connection, cache })
    }

    /// Returns the names from the cache, after a short wait for the server if they are missing or old.
    async fn names(&self) -> Vec<String> {
        let deadline = Instant::now() + MAX_WAIT;
        let cached = self.cache.read();
        if !cached.as_ref().is_some_and(|cached| cached.is_fresh)
            && let Ok(mut child) = start_filling()
        {
            while Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
                tokio::time::sleep(Duration::from_millis(4)).await;
            }
        }
        self.cache.read().map(|cached| cached.names).unwrap_or_default()
    }

    /// Lists the directory for the cache. After a failure it counts as empty: a wrong password is not sent at each key.
    async fn fill(self) {
        let names = self.list().await.unwrap_or_default();
        // Without a cache there are no completions.
        let _ = self.cache.write(&names);
    }

    async fn list(&self) -> Result<Vec<String>> {
        let mut session = Session::new(self.connection.clone())?;
        let client = session.client(&self.url).await?;
        let mut entries = client.list(self.url.path()).stream();
        let mut names = Vec::new();
        while let Some(entry) = entries.next().await {
            let entry = entry.map_err(|error| Failure::about(&self.url, error))?;
            let name = entry.name().to_string_lossy().into_owned();
            if names.len() < MAX_NAMES && !name.contains(char::is_control) {
                names.push(if entry.is_dir() { name + "/" } else { name });
            }
        }
        drop(entries);
        session.quit().await;
        names.sort_unstable();
        Ok(names)
    }
}

/// Starts a run of this program that outlives this one, so that the next attempt finds the names.
fn start_filling() -> std::io::Result<Child> {
    let mut command = std::process::Command::new(env::current_exe()?);
    command.args(["completions", "--fill"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

/// Variable with the command line up to the cursor. As an argument, other users could read a password in it.
const LINE: &str = "OXFTP_COMPLETE";
/// Maximum time that a completion waits for a server.
const MAX_WAIT: Duration = Duration::from_millis(100);
/// Maximum time to fill the cache.
const TIMEOUT: Duration = Duration::from_secs(5);
/// More names would fill the terminal.
const MAX_NAMES: usize = 2000;
/// Characters that a shell, a URL or a pattern would not take as they are.
const QUOTED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'!')
    .add(b'"')
    .add(b'#')
    .add(b'$')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'*')
    .add(b';')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bookmarks_and_urls_are_completed() {
        assert_eq!(
            Typed::read("oxftp ls -l @wo"),
            Some(Typed { earlier: vec!["oxftp", "ls", "-l"], word: "@wo" })
        );
        assert_eq!(Typed::read("oxftp get ftp://h/a").unwrap().word, "ftp://h/a");
        for line in ["", "oxftp ls ", "oxftp ls x", "oxftp ls 'ftp://h/a b"] {
            assert_eq!(Typed::read(line), None, "{line:?}");
        }
    }

    #[test]
    fn completed_names_need_no_quotes() {
        let encoded = encoded("a b#100%[é].txt");
        assert_eq!(encoded, "a%20b%23100%25%5Bé%5D.txt");
        assert_eq!(percent_decode_str(&encoded).decode_utf8().unwrap(), "a b#100%[é].txt");
    }
}
