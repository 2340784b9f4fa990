//! Runner for the examples of a page: runs every command and compares its output.

use std::{fs, path::Path, process::Command};

use super::oxftp;

/// Runs the commands of a page, with text replaced as in `meanings`.
pub(crate) fn holds_with(page: &str, here: &Path, meanings: &[(&str, &str)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let examples = examples(&fs::read_to_string(&path).unwrap());
    assert!(!examples.is_empty(), "{page} has no command");
    let meant =
        |text: &str| meanings.iter().fold(text.to_owned(), |text, (it, meant)| text.replace(it, meant));
    let written = |text: String| meanings.iter().fold(text, |text, (it, meant)| text.replace(meant, it));
    for (command, expected) in examples {
        let shown = written(run(&meant(&command), here));
        assert!(
            is_like(&shown, &expected),
            "{page}: $ {command}\nshows\n{shown}\nand should show\n{expected}"
        );
    }
}

/// Returns the commands of blocks marked `console`, each with its output.
fn examples(page: &str) -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.strip_prefix("$ ") {
            _ if line.starts_with("```") => inside = line == "```console",
            Some(command) if inside => examples.push((command.to_owned(), String::new())),
            _ if inside => {
                let (_, shown) = examples.last_mut().unwrap();
                *shown += &format!("{line}\n");
            }
            _ => {}
        }
    }
    examples
}

fn run(command: &str, here: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_oxftp")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = oxftp(&["--version"]);
    let kept: Vec<_> =
        shell.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    shell = Command::new("sh");
    for (name, value) in kept {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    // stdout and stderr together, as on a terminal.
    let output = shell
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(here)
        .env("HOME", here)
        .env("PATH", path)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_STATE_HOME")
        .output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

/// Compares texts; `[..]` matches any text on a line.
pub(crate) fn is_like(shown: &str, expected: &str) -> bool {
    let (shown, expected): (Vec<_>, Vec<_>) = (shown.lines().collect(), expected.lines().collect());
    shown.len() == expected.len()
        && shown.iter().zip(expected).all(|(shown, expected)| line_is_like(shown, expected))
}

fn line_is_like(shown: &str, expected: &str) -> bool {
    let mut pieces = expected.split("[..]");
    let Some(mut rest) = shown.strip_prefix(pieces.next().unwrap()) else { return false };
    let pieces: Vec<_> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}
