//! A line taken apart: commands, and the words of each.

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Word {
    /// Without quotes and backslashes.
    pub(super) text: String,
    /// As a pattern, where a character that is not quoted makes it one.
    pub(super) pattern: Option<String>,
    /// Where it begins in the line, in bytes.
    pub(super) start: usize,
}

/// A command of a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// It ends in `&`: nobody waits for it.
    pub(super) background: bool,
}

impl Command {
    /// Gives the words as they were meant.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.words.iter().map(|word| word.text.as_str()).collect()
    }
}

/// Takes a line apart: `;` and `&` end commands, `#` begins a comment, quotes and backslashes make
/// characters plain. Gives the commands, and whether a quote is left open.
pub(super) fn split(line: &str) -> (Vec<Command>, bool) {
    let mut splitter = Splitter::default();
    let mut characters = line.char_indices();
    while let Some((at, character)) = characters.next() {
        match (splitter.quote, character) {
            (Some(quote), _) if character == quote => splitter.quote = None,
            (None | Some('"'), '\\') => match characters.next() {
                Some((_, escaped)) => splitter.push(at, escaped, true),
                None => splitter.push(at, '\\', true),
            },
            (Some(_), _) => splitter.push(at, character, true),
            (None, '\'' | '"') => {
                splitter.begin(at);
                splitter.quote = Some(character);
            }
            (None, '#') if splitter.word.is_none() => break,
            (None, ';' | '\n') => splitter.end_command(false),
            (None, '&') => splitter.end_command(true),
            (None, _) if character.is_whitespace() => splitter.end_word(),
            (None, _) => splitter.push(at, character, false),
        }
    }
    let open = splitter.quote.is_some();
    splitter.end_command(false);
    (splitter.commands, open)
}

#[derive(Default)]
struct Splitter {
    commands: Vec<Command>,
    command: Command,
    word: Option<Word>,
    /// The word as a pattern, and whether it is one.
    pattern: (String, bool),
    quote: Option<char>,
}

impl Splitter {
    fn begin(&mut self, at: usize) -> &mut Word {
        self.word.get_or_insert_with(|| Word { start: at, ..Word::default() })
    }

    fn push(&mut self, at: usize, character: char, quoted: bool) {
        self.begin(at).text.push(character);
        let special = "*?[]{}\\!".contains(character);
        if special && quoted {
            self.pattern.0.push('\\');
        }
        self.pattern.0.push(character);
        self.pattern.1 |= !quoted && "*?[".contains(character);
    }

    fn end_word(&mut self) {
        let (pattern, is_one) = std::mem::take(&mut self.pattern);
        if let Some(word) = self.word.take() {
            self.command.words.push(Word { pattern: is_one.then_some(pattern), ..word });
        }
    }

    fn end_command(&mut self, background: bool) {
        self.end_word();
        let command = std::mem::take(&mut self.command);
        if !command.words.is_empty() {
            self.commands.push(Command { background, ..command });
        }
    }
}

/// Writes a name so that it is one plain word.
pub(super) fn quoted(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_whitespace() || "\\'\"*?[]{}!;&#".contains(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<Vec<String>> {
        let commands = split(line).0;
        commands.iter().map(|command| command.texts().into_iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn quotes_and_backslashes_hold_words_together() {
        assert_eq!(texts(r#"get "a b" c\ d 'e"f\' g''"#), [["get", "a b", "c d", "e\"f\\", "g"]]);
        assert_eq!(texts("put ''"), [["put", ""]]);
        assert!(split("get 'a").1);
        assert!(!split("get 'a'").1);
    }

    #[test]
    fn commands_end_at_semicolons_and_ampersands() {
        let (commands, _) = split("cd x; get y & ls # all; of it");

        assert_eq!(texts("cd x; get y & ls # all; of it"), [vec!["cd", "x"], vec!["get", "y"], vec!["ls"]]);
        assert_eq!(
            commands.iter().map(|command| command.background).collect::<Vec<_>>(),
            [false, true, false]
        );
        assert!(texts(" ;; # nothing").is_empty());
        assert_eq!(texts("get a#b"), [["get", "a#b"]]);
    }

    #[test]
    fn only_characters_that_are_not_quoted_make_a_pattern() {
        let patterns =
            |line: &str| split(line).0[0].words.iter().map(|word| word.pattern.clone()).collect::<Vec<_>>();

        assert_eq!(
            patterns(r"get *.txt a\*b 'c*' d\*?"),
            [None, Some("*.txt".to_owned()), None, None, Some(r"d\*?".to_owned())]
        );
    }

    #[test]
    fn a_name_that_is_quoted_is_one_word_again() {
        for name in ["a b", "it's; \"x\" & #1", "*?[x]{y}!", "back\\slash", "日本 語"] {
            assert_eq!(texts(&quoted(name)), [[name]]);
            assert_eq!(split(&quoted(name)).0[0].words[0].pattern, None);
        }
    }
}
