//! Tables of runs: command line, expected output, and expected files.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::Command,
    time::UNIX_EPOCH,
};

use serde_json::Value;

use super::{Run, Site, fixtures::Fixtures, oxftp, run, run_with_input, sorted};

/// A row of a table.
pub(crate) struct Row {
    line: String,
    input: &'static str,
    environment: &'static [(&'static str, &'static str)],
    bare: bool,
    talks: bool,
    checks: Vec<Check>,
    refused: Option<Refusal>,
    only: fn(&Site) -> bool,
}

type Check = Box<dyn Fn(&Fixtures<'_>, &Run)>;

struct Refusal {
    by: fn(&Site) -> bool,
    code: i32,
    words: &'static str,
}

/// Creates a row. The line is split at blanks. `URL` stands for the row's directory on the server, `NOBODY` for the same
/// without a user, `USER`, `PASSWORD` and `PATH` for its parts, and `TRUST` for the flag that trusts the server's
/// certificate, if it has one.
pub(crate) fn row(line: impl Into<String>) -> Row {
    Row {
        line: line.into(),
        input: "",
        environment: &[],
        bare: false,
        talks: false,
        checks: Vec::new(),
        refused: None,
        only: |_| true,
    }
}

/// Input of the run.
impl Row {
    pub(crate) fn input(self, input: &'static str) -> Self {
        Self { input, ..self }
    }

    /// Passes the password and the certificate only if the line contains them.
    pub(crate) fn bare(self) -> Self {
        Self { bare: true, ..self }
    }

    pub(crate) fn environment(self, environment: &'static [(&'static str, &'static str)]) -> Self {
        Self { environment, ..self }
    }

    /// Skips servers for which `only` returns `false`.
    pub(crate) fn only(self, only: fn(&Site) -> bool) -> Self {
        Self { only, ..self }
    }
}

/// Expected outcome.
impl Row {
    /// Expects this exit code and text on stderr from servers for which `by` returns `true`.
    pub(crate) fn refused_by(self, by: fn(&Site) -> bool, code: i32, words: &'static str) -> Self {
        Self { refused: Some(Refusal { by, code, words }), ..self }
    }

    pub(crate) fn fails(self, code: i32, words: &'static str) -> Self {
        self.refused_by(|_| true, code, words)
    }

    pub(crate) fn prints(self, expected: impl AsRef<[u8]> + 'static) -> Self {
        self.check(move |_, run| {
            let (shown, expected) =
                (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(expected.as_ref()));
            assert!(shown == expected, "{} and not {}", short(&shown), short(&expected));
        })
    }

    /// Expects these lines in any order.
    pub(crate) fn lists(self, expected: &'static [&'static str]) -> Self {
        self.check(move |_, run| assert_eq!(sorted(&run.stdout()), expected))
    }

    pub(crate) fn mentions(self, expected: &'static [&'static str]) -> Self {
        self.check(move |_, run| expected.iter().for_each(|words| has(&run.stdout(), words)))
    }

    /// Expects one object per line, and calls `check` with the objects sorted by path.
    pub(crate) fn objects(self, check: fn(&[Value])) -> Self {
        self.check(move |_, run| {
            let read = |line| serde_json::from_str::<Value>(line).unwrap();
            let mut objects: Vec<Value> = run.stdout().lines().map(read).collect();
            objects.sort_by_key(|object| object["path"].to_string());
            check(&objects);
        })
    }

    /// Expects text on stderr, which must be empty otherwise.
    pub(crate) fn reports(self, expected: &'static [&'static str]) -> Self {
        let row = Self { talks: true, ..self };
        row.check(move |_, run| expected.iter().for_each(|words| has(&run.stderr, words)))
    }

    pub(crate) fn never_reports(self, unexpected: &'static str) -> Self {
        let row = Self { talks: true, ..self };
        row.check(move |_, run| assert!(!run.stderr.contains(unexpected), "{}", run.stderr))
    }

    pub(crate) fn there(self, path: &'static str, expected: impl AsRef<[u8]> + 'static) -> Self {
        self.check(move |fixtures, _| holds(&fixtures.there(path), expected.as_ref()))
    }

    pub(crate) fn here(self, path: &'static str, expected: impl AsRef<[u8]> + 'static) -> Self {
        self.check(move |fixtures, _| holds(&fixtures.here(path), expected.as_ref()))
    }

    pub(crate) fn directory_there(self, path: &'static str) -> Self {
        self.check(move |fixtures, _| {
            assert!(fixtures.there(path).is_dir(), "{path} is no directory on the server")
        })
    }

    pub(crate) fn gone_there(self, path: &'static str) -> Self {
        self.check(move |fixtures, _| assert!(!fixtures.there(path).exists(), "{path} is on the server"))
    }

    pub(crate) fn gone_here(self, path: &'static str) -> Self {
        self.check(move |fixtures, _| assert!(!fixtures.here(path).exists(), "{path} is here"))
    }

    pub(crate) fn mode_there(self, path: &'static str, expected: u32) -> Self {
        self.check(move |fixtures, _| {
            let mode = fixtures.there(path).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, expected, "the mode of {path}");
        })
    }

    /// Expects a file on the server with this time, in seconds since 1970.
    pub(crate) fn time_there(self, path: &'static str, expected: u64) -> Self {
        self.check(move |fixtures, _| {
            let modified = fixtures.there(path).metadata().unwrap().modified().unwrap();
            assert_eq!(
                modified.duration_since(UNIX_EPOCH).unwrap().as_secs(),
                expected,
                "the time of {path}"
            );
        })
    }

    pub(crate) fn check(mut self, check: impl Fn(&Fixtures<'_>, &Run) + 'static) -> Self {
        self.checks.push(Box::new(check));
        self
    }
}

/// Runs all rows in order, each in a new directory, and reports those that fail.
pub(crate) fn hold(site: &Site, rows: &[Row]) {
    let rows = rows.iter().enumerate().filter(|(_, row)| (row.only)(site));
    let failed = rows.filter(|(number, row)| {
        let fixtures = Fixtures::make(site, number);
        catch_unwind(AssertUnwindSafe(|| row.hold(&fixtures))).is_err()
    });
    let lines: Vec<_> = failed.map(|(_, row)| &row.line).collect();
    let place = (site.server.name(), site.server.protection());
    assert!(lines.is_empty(), "{place:?}: these rows failed, see above: {lines:#?}");
}

impl Row {
    fn hold(&self, fixtures: &Fixtures<'_>) {
        let mut command = self.command(fixtures);
        let run = match self.input {
            "" => run(&mut command),
            input => run_with_input(&mut command, input.as_bytes()),
        };
        run.hides(fixtures.site.server.password());
        if let Some(refusal) = self.refused.as_ref().filter(|refusal| (refusal.by)(fixtures.site)) {
            assert_eq!(run.code, Some(refusal.code), "{}: {}", self.line, run.stderr);
            return has(&run.stderr, refusal.words);
        }
        assert_eq!(run.code, Some(0), "{}: {}", self.line, run.stderr);
        assert!(
            self.talks || run.stderr.is_empty(),
            "{}: unexpected output on stderr: {}",
            self.line,
            run.stderr
        );
        self.checks.iter().for_each(|check| check(fixtures, &run));
    }

    fn command(&self, fixtures: &Fixtures<'_>) -> Command {
        let words = fixtures.words(&self.line);
        let mut command = match self.bare {
            true => oxftp(&words),
            false => fixtures.site.command(&words.iter().map(String::as_str).collect::<Vec<_>>()),
        };
        command
            .current_dir(fixtures.here(""))
            .env("HOME", fixtures.here(""))
            .env_remove("XDG_STATE_HOME")
            .envs(self.environment.iter().copied());
        command
    }
}

fn has(text: &str, words: &str) {
    assert!(text.contains(words), "{words:?} is not in {text}");
}

fn holds(path: &Path, expected: &[u8]) {
    let found = fs::read(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    assert!(found == expected, "{path:?} holds {} bytes and not {}, or others", found.len(), expected.len());
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}
