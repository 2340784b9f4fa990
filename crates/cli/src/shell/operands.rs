//! Classification of words as flags, values of flags, and operands.

use clap::{Arg, ArgAction, Command};

/// Words of a command: flags with their values, and operands.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct ClassifiedWords<W> {
    pub(super) flags: Vec<W>,
    pub(super) operands: Vec<W>,
}

/// Classifies words as clap will parse them.
pub(super) fn classify<W>(verb: &Command, words: Vec<W>, text: impl Fn(&W) -> &str) -> ClassifiedWords<W> {
    let mut classified = ClassifiedWords { flags: Vec::new(), operands: Vec::new() };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match text(&word) {
            "--" => {
                classified.operands.extend(words);
                break;
            }
            flag if flag.starts_with('-') && flag != "-" => {
                let wants_value = wants_value(verb, flag);
                classified.flags.push(word);
                classified.flags.extend(wants_value.then(|| words.next()).flatten());
            }
            _ => classified.operands.push(word),
        }
    }
    classified
}

/// Returns whether the word after this flag is its value.
fn wants_value(verb: &Command, flag: &str) -> bool {
    if let Some(long) = flag.strip_prefix("--") {
        return verb.get_arguments().any(|arg| arg.get_long() == Some(long) && takes_next(arg));
    }
    let letters: Vec<char> = flag.chars().skip(1).collect();
    let takes =
        |letter: &char| verb.get_arguments().any(|arg| arg.get_short() == Some(*letter) && takes_next(arg));
    // The first letter with a value takes the rest of the word, if there is any.
    letters.iter().position(takes).is_some_and(|at| at + 1 == letters.len())
}

fn takes_next(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) && !arg.is_require_equals_set()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::commands::Cli;

    fn classified(verb: &str, words: &[&str]) -> (String, String) {
        let cli = Cli::command();
        let classified = classify(cli.find_subcommand(verb).unwrap(), words.to_vec(), |word| word);
        (classified.flags.join(" "), classified.operands.join(" "))
    }

    fn pair(flags: &str, operands: &str) -> (String, String) {
        (flags.to_owned(), operands.to_owned())
    }

    #[test]
    fn values_of_flags_are_not_operands() {
        assert_eq!(classified("get", &["-r", "a", "-o", "b", "c"]), pair("-r -o b", "a c"));
        assert_eq!(classified("get", &["-rd", "a", "-j4", "b"]), pair("-rd a -j4", "b"));
        assert_eq!(
            classified("get", &["--timeout", "5", "--order=name", "x"]),
            pair("--timeout 5 --order=name", "x")
        );
        assert_eq!(classified("get", &["--active", "x"]), pair("--active", "x"));
        assert_eq!(classified("rm", &["-f", "--", "-r", "--"]), pair("-f", "-r --"));
        assert_eq!(classified("put", &["-"]), pair("", "-"));
    }
}
