//! Parser for lines of the shell.

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ShellWord {
    /// Text without quotes and backslashes.
    pub(super) text: String,
    /// The word as a pattern, if it contains an unquoted special character.
    pub(super) pattern: Option<String>,
    /// Byte offset in the line.
    pub(super) start: usize,
}

/// A command of a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ShellCommand {
    pub(super) words: Vec<ShellWord>,
    /// The command ends in `&`: it runs in the background.
    pub(super) background: bool,
}

impl ShellCommand {
    /// Returns the texts of the words.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.words.iter().map(|word| word.text.as_str()).collect()
    }
}

/// Splits a line into commands, and returns them and whether a quote is unclosed.
///
/// `;` and `&` end commands, `#` begins a comment, and quotes and backslashes escape characters.
pub(super) fn split(line: &str) -> (Vec<ShellCommand>, bool) {
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
    commands: Vec<ShellCommand>,
    command: ShellCommand,
    word: Option<ShellWord>,
    /// The word as a pattern, and whether it is one.
    pattern: (String, bool),
    quote: Option<char>,
}

impl Splitter {
    fn begin(&mut self, at: usize) -> &mut ShellWord {
        self.word.get_or_insert_with(|| ShellWord { start: at, ..ShellWord::default() })
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
            self.command.words.push(ShellWord { pattern: is_one.then_some(pattern), ..word });
        }
    }

    fn end_command(&mut self, background: bool) {
        self.end_word();
        let command = std::mem::take(&mut self.command);
        if !command.words.is_empty() {
            self.commands.push(ShellCommand { background, ..command });
        }
    }
}

/// Quotes a name so that it parses as one word.
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
    fn quotes_and_backslashes_join_words() {
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
    fn quoted_characters_make_no_pattern() {
        let patterns =
            |line: &str| split(line).0[0].words.iter().map(|word| word.pattern.clone()).collect::<Vec<_>>();

        assert_eq!(
            patterns(r"get *.txt a\*b 'c*' d\*?"),
            [None, Some("*.txt".to_owned()), None, None, Some(r"d\*?".to_owned())]
        );
    }

    #[test]
    fn quoted_name_parses_as_one_word() {
        for name in ["a b", "it's; \"x\" & #1", "*?[x]{y}!", "back\\slash", "日本 語"] {
            assert_eq!(texts(&quoted(name)), [[name]]);
            assert_eq!(split(&quoted(name)).0[0].words[0].pattern, None);
        }
    }
}
