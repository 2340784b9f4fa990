//! Which words of a command are flags, which are their values, and which are operands.

use clap::{Arg, ArgAction, Command};

/// The words of a verb, by what they are.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Sorted<W> {
    pub(super) flags: Vec<W>,
    pub(super) operands: Vec<W>,
}

/// Sorts words as clap will read them.
pub(super) fn sort<W>(verb: &Command, words: Vec<W>, text: impl Fn(&W) -> &str) -> Sorted<W> {
    let mut sorted = Sorted { flags: Vec::new(), operands: Vec::new() };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match text(&word) {
            "--" => {
                sorted.operands.extend(words);
                break;
            }
            flag if flag.starts_with('-') && flag != "-" => {
                let wants_value = wants_value(verb, flag);
                sorted.flags.push(word);
                sorted.flags.extend(wants_value.then(|| words.next()).flatten());
            }
            _ => sorted.operands.push(word),
        }
    }
    sorted
}

/// Tells whether the word behind this flag is its value.
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
    use crate::args::Cli;

    fn sorted(verb: &str, words: &[&str]) -> (String, String) {
        let cli = Cli::command();
        let sorted = sort(cli.find_subcommand(verb).unwrap(), words.to_vec(), |word| word);
        (sorted.flags.join(" "), sorted.operands.join(" "))
    }

    fn pair(flags: &str, operands: &str) -> (String, String) {
        (flags.to_owned(), operands.to_owned())
    }

    #[test]
    fn values_of_flags_are_no_operands() {
        assert_eq!(sorted("get", &["-r", "a", "-o", "b", "c"]), pair("-r -o b", "a c"));
        assert_eq!(sorted("get", &["-rd", "a", "-j4", "b"]), pair("-rd a -j4", "b"));
        assert_eq!(
            sorted("get", &["--timeout", "5", "--order=name", "x"]),
            pair("--timeout 5 --order=name", "x")
        );
        assert_eq!(sorted("get", &["--active", "x"]), pair("--active", "x"));
        assert_eq!(sorted("rm", &["-f", "--", "-r", "--"]), pair("-f", "-r --"));
        assert_eq!(sorted("put", &["-"]), pair("", "-"));
    }
}
