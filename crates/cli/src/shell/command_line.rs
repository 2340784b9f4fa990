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
    pub(super) condition: Condition,
    /// The command ends in `&`: it runs in the background.
    pub(super) background: bool,
}

/// The condition under which a command runs, by the outcome of the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Condition {
    /// The command follows `;`, `&` or nothing.
    #[default]
    Always,
    /// The command follows `&&`.
    AfterSuccess,
    /// The command follows `||`.
    AfterFailure,
}

/// The commands of a line.
#[derive(Debug, Default)]
pub(super) struct ShellLine {
    pub(super) commands: Vec<ShellCommand>,
    /// A quote is unclosed.
    pub(super) is_open: bool,
    /// The reason why the line must not run.
    pub(super) problem: Option<String>,
}

impl ShellCommand {
    /// Returns the texts of the words.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.words.iter().map(|word| word.text.as_str()).collect()
    }
}

/// Splits a line into commands.
///
/// `;`, `&`, `&&` and `||` end commands, `#` begins a comment, and quotes and backslashes escape characters. Pipes and
/// redirections are not supported; as words they could name files that a command removes.
pub(super) fn split(line: &str) -> ShellLine {
    let mut splitter = Splitter::default();
    let mut characters = line.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let is_doubled = characters.peek().is_some_and(|(_, next)| *next == character);
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
            // The rest of the line belongs to the system's shell, whatever characters it contains.
            (None, '!') if splitter.word.is_none() && splitter.command.words.is_empty() => {
                splitter.system(at, &line[at + 1..]);
                break;
            }
            (None, ';' | '\n') => splitter.end_command(false),
            (None, '&' | '|') if is_doubled => {
                characters.next();
                splitter.end_conditional(character);
            }
            (None, '&') => splitter.end_command(true),
            (None, '|' | '<' | '>') => splitter.refuse(character),
            (None, _) if character.is_whitespace() => splitter.end_word(),
            (None, _) => splitter.push(at, character, false),
        }
    }
    splitter.line.is_open = splitter.quote.is_some();
    splitter.end_command(false);
    let condition = splitter.command.condition;
    if condition != Condition::Always {
        splitter.miss(condition);
    }
    splitter.line
}

#[derive(Default)]
struct Splitter {
    line: ShellLine,
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

    fn system(&mut self, at: usize, command: &str) {
        let word = |text: &str, start| ShellWord { text: text.to_owned(), pattern: None, start };
        self.command.words = vec![word("!", at), word(command.trim(), at + 1)];
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
            self.line.commands.push(ShellCommand { background, ..command });
        } else if command.condition != Condition::Always {
            self.miss(command.condition);
        }
    }

    /// Ends a command at `&&` or `||`.
    fn end_conditional(&mut self, operator: char) {
        let condition = if operator == '&' { Condition::AfterSuccess } else { Condition::AfterFailure };
        let before = self.line.commands.len();
        self.end_command(false);
        if self.line.commands.len() == before {
            self.miss(condition);
        }
        self.command.condition = condition;
    }

    fn miss(&mut self, condition: Condition) {
        let operator = if condition == Condition::AfterSuccess { "&&" } else { "||" };
        self.line.problem.get_or_insert(format!("a command is missing before or after {operator}"));
    }

    fn refuse(&mut self, character: char) {
        let why = format!("{character} is not supported here; in a name, quote it");
        self.line.problem.get_or_insert(why);
    }
}

/// Quotes a name so that it parses as one word.
pub(super) fn quoted(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_whitespace() || "\\'\"*?[]{}!;&#|<>".contains(character) {
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
        let commands = split(line).commands;
        commands.iter().map(|command| command.texts().into_iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn quotes_and_backslashes_join_words() {
        assert_eq!(texts(r#"get "a b" c\ d 'e"f\' g''"#), [["get", "a b", "c d", "e\"f\\", "g"]]);
        assert_eq!(texts("put ''"), [["put", ""]]);
        assert!(split("get 'a").is_open);
        assert!(!split("get 'a'").is_open);
    }

    #[test]
    fn commands_end_at_semicolons_and_ampersands() {
        let commands = split("cd x; get y & ls # all; of it").commands;

        assert_eq!(texts("cd x; get y & ls # all; of it"), [vec!["cd", "x"], vec!["get", "y"], vec!["ls"]]);
        assert_eq!(
            commands.iter().map(|command| command.background).collect::<Vec<_>>(),
            [false, true, false]
        );
        assert!(texts(" ;; # nothing").is_empty());
        assert_eq!(texts("get a#b"), [["get", "a#b"]]);
    }

    #[test]
    fn double_operators_make_conditions_not_jobs() {
        let commands = split("get a && rm a || ls; pwd").commands;

        let conditions =
            [Condition::Always, Condition::AfterSuccess, Condition::AfterFailure, Condition::Always];
        assert_eq!(commands.iter().map(|command| command.condition).collect::<Vec<_>>(), conditions);
        assert!(commands.iter().all(|command| !command.background));
    }

    #[test]
    fn pipes_and_redirections_are_refused() {
        for line in ["ls | less", "ls > list", "put < a", "get a &&", "&& rm a", "rm a || ; ls", "a && && b"]
        {
            assert!(split(line).problem.is_some(), "{line}");
        }
        for line in ["get 'a|b'", "get a\\>b", "ls", "get a & ls &", "rm a && ls"] {
            assert_eq!(split(line).problem, None, "{line}");
        }
    }

    #[test]
    fn quoted_characters_make_no_pattern() {
        let patterns = |line: &str| {
            split(line).commands[0].words.iter().map(|word| word.pattern.clone()).collect::<Vec<_>>()
        };

        assert_eq!(
            patterns(r"get *.txt a\*b 'c*' d\*?"),
            [None, Some("*.txt".to_owned()), None, None, Some(r"d\*?".to_owned())]
        );
    }

    #[test]
    fn quoted_name_parses_as_one_word() {
        for name in ["a b", "it's; \"x\" & #1", "*?[x]{y}!", "back\\slash", "a|b>c<d", "日本 語"] {
            assert_eq!(texts(&quoted(name)), [[name]]);
            assert_eq!(split(&quoted(name)).commands[0].words[0].pattern, None);
        }
    }
}
