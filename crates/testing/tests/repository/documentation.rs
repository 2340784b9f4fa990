//! Rules for the repository's pages and for the wording of docs, help texts and messages.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

#[test]
fn readme_and_architecture_stay_short() {
    for (page, most) in [("README.md", 120), ("ARCHITECTURE.md", 150)] {
        let lines = read(&repository().join(page)).lines().count();

        assert!(lines <= most, "{page} has {lines} lines; at most {most} are allowed");
    }
}

#[test]
fn tests_named_in_pages_exist() {
    let tests = Tests::of(&rust_files());
    for (page, least) in [("docs/dev/invariants.md", 100), ("SECURITY.md", 80)] {
        let text = read(&repository().join(page));
        let named: Vec<_> = code_spans(&text).into_iter().filter_map(test_reference).collect();
        assert!(named.len() >= least, "{page}: only {} tests are recognized", named.len());

        let missing: Vec<_> = named
            .into_iter()
            .filter(|(module, test)| !tests.contain(module, test))
            .map(|(module, test)| format!("{module}::{test}"))
            .collect();

        assert!(missing.is_empty(), "{page} names tests that do not exist:\n{}", missing.join("\n"));
    }
}

#[test]
fn source_files_named_in_pages_exist() {
    let mut missing = Vec::new();
    for page in pages() {
        let text = read(&page);
        for span in
            code_spans(&text).into_iter().filter(|span| span.ends_with(".rs") && span.contains("/src/"))
        {
            let below_crates = repository().join("crates").join(span);
            if !span.contains('*') && !repository().join(span).exists() && !below_crates.exists() {
                missing.push(format!("{}: {span}", page.display()));
            }
        }
    }

    assert!(missing.is_empty(), "pages name files that do not exist:\n{}", missing.join("\n"));
}

#[test]
fn relative_links_lead_to_existing_pages() {
    let pages = pages();
    assert!(pages.len() > 20, "only {} pages were found", pages.len());

    let broken: Vec<_> = pages.iter().flat_map(|page| broken_links(page)).collect();

    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn pages_contain_no_banned_words() {
    let found = pages().iter().flat_map(|page| unclear(page, &Text::of_page(&read(page)))).collect();

    assert_clear(found);
}

#[test]
fn doc_comments_contain_no_banned_words() {
    let found = rust_files().iter().flat_map(|file| unclear(file, &Text::of_docs(&read(file)))).collect();

    assert_clear(found);
}

#[test]
fn python_texts_contain_no_banned_words() {
    let mut files = files_below(&repository().join("crates/python/python"), "py");
    files.extend(files_below(&repository().join("crates/python/python"), "pyi"));
    assert!(files.len() > 5, "only {} files were found", files.len());

    let found = files.iter().flat_map(|file| unclear(file, &Text::of_python(&read(file)))).collect();

    assert_clear(found);
}

#[test]
fn test_names_have_at_most_eight_words() {
    let rust = rust_files().into_iter().flat_map(|file| {
        let source = read(&file);
        tests_of(&source).into_iter().map(|name| (shown(&file), name)).collect::<Vec<_>>()
    });
    let python = files_below(&repository().join("crates/python/tests"), "py").into_iter().flat_map(|file| {
        let source = read(&file);
        let names = source.split("def test_").skip(1).filter_map(|rest| rest.split('(').next());
        names.map(|name| (shown(&file), name.to_owned())).collect::<Vec<_>>()
    });
    let (names, long): (Vec<_>, Vec<_>) =
        rust.chain(python).partition(|(_, name)| name.split('_').count() <= 8);

    assert!(names.len() > 1000, "only {} tests were found", names.len());
    assert!(long.is_empty(), "tests with long names: {long:#?}");
}

#[test]
fn help_and_messages_contain_no_banned_words() {
    let product = rust_files().into_iter().filter(|file| is_product(file));
    let found = product.flat_map(|file| unclear(&file, &Text::of_literals(&read(&file)))).collect();

    assert_clear(found);
}

#[test]
fn sources_contain_no_private_code_words() {
    let sources =
        rust_files().into_iter().filter(|file| !file.ends_with(file!().rsplit('/').next().unwrap()));
    let found = sources.flat_map(|file| private_words(&file)).collect();

    assert_clear(found);
}

#[test]
fn phrases_match_whole_words_across_lines() {
    let text = Text::of_docs("/// Returns it.\n/// This is what\n/// is owed, by `nobody`.\nfn x() {}\n");

    let found = unclear(Path::new("a.rs"), &text);

    assert_eq!(found, ["a.rs:2: \"what is owed\" (write: outstanding replies)"]);
    assert!(unclear(Path::new("a.rs"), &Text::of_docs("/// A renewal of nobodys\n")).is_empty());
    assert!(unclear(Path::new("a.rs"), &Text::of_docs("/// Left behind, behind a proxy\n")).is_empty());
}

#[test]
fn literals_are_read_without_comments_and_tests() {
    let source = "// \"a\"\nlet b = \"b \\\"c\\\" \\\n   d\"; let c = '\"'; r#\"e\"#;\n#[cfg(test)]\nmod t { \"f\" }\n";

    assert_eq!(Text::of_literals(source).joined.trim(), "b \\\"c\\\" d e");
}

/// A phrase that is not to be used.
struct Banned {
    phrase: &'static str,
    instead: &'static str,
    /// Longer phrases in which it is right.
    except: &'static [&'static str],
    /// Parts of the paths of files in which it is right.
    except_in: &'static [&'static str],
}

impl Banned {
    fn is_part_of_exception(&self, text: &str, at: usize) -> bool {
        self.except.iter().any(|longer| {
            let start = at.checked_sub(longer.find(self.phrase).unwrap());
            start.is_some_and(|start| text[start..].starts_with(longer))
        })
    }
}

const fn banned(phrase: &'static str, instead: &'static str) -> Banned {
    Banned { phrase, instead, except: &[], except_in: &[] }
}

/// Phrases that begin with a capital are compared as they are, and all others without case.
const BANNED: &[Banned] = &[
    banned("Gives", "Returns"),
    banned("Tells", "Returns, Reports"),
    banned("whoever", "the caller, the task, the peer"),
    banned("nobody", "no caller, no peer"),
    banned("anew", "again, from the beginning"),
    banned("is told how", "receives progress events"),
    banned("what is owed", "outstanding replies"),
    banned("what comes of", "the result of"),
    Banned {
        except: &["behind a proxy", "behind a nat", "behind a firewall", "behind a router", "left behind"],
        ..banned("behind", "after")
    },
    banned("goes on", "continues, resumes"),
    banned("gone on", "continued, resumed"),
    banned("one's own", "custom, own"),
    banned("of old", "older"),
    banned("so that one may", "so that"),
    banned("the house", "the code, the project"),
    banned("the reference", "aioftp"),
    Banned {
        // A mirror and a segmented download have plans.
        except_in: &["/mirror/", "/segmented/", "/segments/", "docs/dev/"],
        ..banned("the plan", "the design")
    },
];

/// Words for which the field has better known ones, with those.
const PRIVATE: &[(&str, &str)] = &[
    ("astray", "dirty"),
    ("doorkeeper", "single_user_authenticator"),
    ("farewell", "close_notify"),
    ("governor", "admission"),
    ("grudge", "cooldown"),
    ("lane", "worker"),
    ("lineage", "cycle, ancestors"),
    ("mortal", "killable, breaking_connector"),
    ("seat", "permit"),
    ("sequel", "finalize"),
    ("standby", "prewarm"),
    ("straggler", "late_reply"),
    ("twin", "name_collision"),
];

/// Lines between these are left out, since they name the banned words.
const OMIT_FROM: &str = "<!-- banned words: begin -->";
const OMIT_TO: &str = "<!-- banned words: end -->";

fn assert_clear(found: Vec<String>) {
    assert!(found.is_empty(), "{} unclear words:\n{}", found.len(), found.join("\n"));
}

/// Returns where banned phrases and private words stand in a text.
fn unclear(file: &Path, text: &Text) -> Vec<String> {
    let lower = text.joined.to_lowercase();
    let mut found = BTreeSet::new();
    for banned in BANNED {
        if banned.except_in.iter().any(|part| shown(file).contains(part)) {
            continue;
        }
        let is_exact = banned.phrase.starts_with(char::is_uppercase);
        let searched = if is_exact { &text.joined } else { &lower };
        for at in whole_words(searched, banned.phrase) {
            if !banned.is_part_of_exception(&lower, at) {
                found.insert((text.line(at), banned.phrase, banned.instead));
            }
        }
    }
    for (word, instead) in PRIVATE {
        let plural = format!("{word}s");
        for at in whole_words(&lower, word).chain(whole_words(&lower, &plural)) {
            found.insert((text.line(at), word, instead));
        }
    }
    let message =
        |(line, phrase, instead)| format!("{}:{line}: \"{phrase}\" (write: {instead})", shown(file));
    found.into_iter().map(message).collect()
}

/// Returns where a phrase begins that is not a part of longer words.
fn whole_words<'a>(text: &'a str, phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let is_whole = move |&(at, _): &(usize, &str)| {
        let (before, after) = (&text[..at], &text[at + phrase.len()..]);
        !before.ends_with(is_word) && !after.starts_with(is_word)
    };
    text.match_indices(phrase).filter(is_whole).map(|(at, _)| at)
}

/// Returns the private words among the parts of the identifiers of a file, with the first line of each.
fn private_words(file: &Path) -> Vec<String> {
    let mut lines: BTreeMap<&(&str, &str), Vec<usize>> = BTreeMap::new();
    for (number, line) in read(file).lines().enumerate() {
        let parts: BTreeSet<_> = identifier_parts(line).collect();
        let is_used =
            |word: &str| parts.iter().any(|part| part == word || part.strip_suffix('s') == Some(word));
        for private in PRIVATE.iter().filter(|(word, _)| is_used(word)) {
            lines.entry(private).or_default().push(number + 1);
        }
    }
    let message = |((word, instead), lines): (&(&str, &str), Vec<usize>)| {
        format!("{}:{}: \"{word}\" in {} lines (write: {instead})", shown(file), lines[0], lines.len())
    };
    lines.into_iter().map(message).collect()
}

/// Returns the parts of `snake_case` and `CamelCase` identifiers, in lower case.
fn identifier_parts(line: &str) -> impl Iterator<Item = String> {
    let mut spaced = String::new();
    let mut was_lower = false;
    for character in line.chars() {
        let is_upper = character.is_ascii_uppercase();
        if (is_upper && was_lower) || !character.is_ascii_alphabetic() {
            spaced.push(' ');
        }
        spaced.push(character.to_ascii_lowercase());
        was_lower = character.is_ascii_lowercase();
    }
    let words: Vec<_> = spaced
        .split(|character: char| !character.is_ascii_alphabetic())
        .filter(|part| !part.is_empty())
        .map(ToOwned::to_owned)
        .collect();
    words.into_iter()
}

/// Prose with its lines joined by blanks, so that phrases are found across line ends.
#[derive(Default)]
struct Text {
    joined: String,
    /// The position at which each line begins in `joined`, with its number.
    starts: BTreeMap<usize, usize>,
}

impl Text {
    /// Returns a Markdown page without code.
    fn of_page(page: &str) -> Self {
        let mut text = Self::default();
        let (mut is_code, mut is_omitted) = (false, false);
        for (number, line) in page.lines().enumerate() {
            is_omitted |= line == OMIT_FROM;
            is_omitted &= line != OMIT_TO;
            let is_fence = line.trim_start().starts_with("```");
            is_code ^= is_fence;
            if !is_code && !is_fence && !is_omitted {
                text.push(number + 1, line);
            }
        }
        text.without_code_spans()
    }

    /// Returns the doc comments of a source without code.
    fn of_docs(source: &str) -> Self {
        let mut text = Self::default();
        let mut is_code = false;
        for (number, line) in source.lines().enumerate() {
            let line = line.trim_start();
            let Some(prose) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
                is_code = false;
                continue;
            };
            let is_fence = prose.trim_start().starts_with("```");
            is_code ^= is_fence;
            if !is_code && !is_fence {
                text.push(number + 1, prose.trim());
            }
        }
        text.without_code_spans()
    }

    /// Returns the comments and docstrings of a Python source, and its other strings of several lines.
    fn of_python(source: &str) -> Self {
        let mut text = Self::default();
        let mut is_string = false;
        for (number, line) in source.lines().enumerate() {
            let quotes = line.matches("\"\"\"").count();
            if is_string || quotes > 0 {
                text.push(number + 1, line.trim());
            } else if let Some((_, comment)) = line.split_once("# ") {
                text.push(number + 1, comment);
            }
            is_string ^= quotes % 2 == 1;
        }
        text.without_code_spans()
    }

    /// Returns the string literals of a source up to its tests.
    fn of_literals(source: &str) -> Self {
        let source = source.split("#[cfg(test)]").next().unwrap();
        let mut text = Self::default();
        let mut rest = source;
        while let Some(at) = rest.find(['"', '\'', '/']) {
            rest = &rest[at..];
            if rest.starts_with("//") {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            } else if let Some(after) = rest.strip_prefix("'\"'").or_else(|| rest.strip_prefix("'\\\"'")) {
                rest = after;
            } else if let Some(literal) = rest.strip_prefix('"') {
                let number = source[..source.len() - rest.len()].lines().count().max(1);
                let end = literal_end(literal);
                for (more, line) in literal[..end].lines().enumerate() {
                    text.push(number + more, line.trim_start().trim_end_matches('\\').trim_end());
                }
                rest = literal.get(end + 1..).unwrap_or_default();
            } else {
                rest = &rest[1..];
            }
        }
        text
    }

    fn push(&mut self, number: usize, line: &str) {
        self.starts.insert(self.joined.len(), number);
        self.joined.push_str(line);
        self.joined.push(' ');
    }

    /// Replaces code by characters that are in no word, of the same length.
    fn without_code_spans(mut self) -> Self {
        let pieces = self.joined.split('`').enumerate();
        let blank = |(index, piece): (usize, &str)| {
            if index % 2 == 1 { "\u{1}".repeat(piece.len()) } else { piece.to_owned() }
        };
        self.joined = pieces.map(blank).collect::<Vec<_>>().join("`");
        self
    }

    fn line(&self, at: usize) -> usize {
        self.starts.range(..=at).next_back().map_or(0, |(_, number)| *number)
    }
}

/// Returns where a literal ends, of which the first quotation mark was read.
fn literal_end(literal: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in literal.bytes().enumerate() {
        match byte {
            b'"' if !is_escaped => return at,
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    literal.len()
}

/// The functions and table rows of all sources.
struct Tests {
    /// The modules in which each name stands.
    names: BTreeMap<String, BTreeSet<String>>,
    /// The modules with tests.
    modules: BTreeSet<String>,
}

impl Tests {
    fn of(sources: &[PathBuf]) -> Self {
        let mut tests = Self { names: BTreeMap::new(), modules: BTreeSet::new() };
        for source in sources {
            let (modules, text) = (modules_of(source), read(source));
            for name in declared(&text) {
                tests.names.entry(name).or_default().extend(modules.iter().cloned());
            }
            if shown(source).contains("/tests/") || text.contains("#[test]") || text.contains("#[tokio::test")
            {
                tests.modules.extend(modules);
            }
        }
        tests
    }

    fn contain(&self, module: &str, test: &str) -> bool {
        match test {
            "*" => self.modules.contains(module),
            test => self.names.get(test).is_some_and(|modules| modules.contains(module)),
        }
    }
}

/// Returns the name of a file and of the folders that it is in.
fn modules_of(source: &Path) -> Vec<String> {
    let path = source.strip_prefix(repository()).unwrap().with_extension("");
    path.iter().map(|part| part.to_str().unwrap().to_owned()).collect()
}

/// Returns the names of functions, and those of rows like `name: value`, of which macros make tests.
fn declared(source: &str) -> Vec<String> {
    let name_at = |text: &str| -> String {
        text.chars().take_while(|&letter| letter.is_ascii_alphanumeric() || letter == '_').collect()
    };
    let functions = source.match_indices("fn ").map(|(at, found)| name_at(&source[at + found.len()..]));
    let rows = source.lines().map(str::trim_start).filter_map(|line| {
        let name = name_at(line);
        line[name.len()..].starts_with(':').then_some(name)
    });
    functions.chain(rows).filter(|name| !name.is_empty()).collect()
}

/// Returns the names of the functions with an attribute that ends in `test`.
fn tests_of(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        let attribute = line.strip_prefix("#[").and_then(|rest| rest.split([']', '(']).next());
        is_test |= attribute.is_some_and(|name| name == "test" || name.ends_with("::test"));
        if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
            names.extend(rest.split(['(', '<']).next().map(str::to_owned));
            is_test = false;
        }
    }
    names
}

/// Splits `module::test_name`; `None` for any other code.
fn test_reference(code: &str) -> Option<(String, String)> {
    let (module, test) = code.split_once("::")?;
    let is_name = |text: &str| {
        text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
    };
    let is_other = ["clippy", "module"].contains(&module);
    (!is_other && is_name(module) && (is_name(test) || test == "*"))
        .then(|| (module.to_owned(), test.to_owned()))
}

fn code_spans(page: &str) -> Vec<&str> {
    page.split('`').skip(1).step_by(2).collect()
}

fn broken_links(page: &Path) -> Vec<String> {
    let inside = links(&read(page)).into_iter().filter(|link| !link.contains("://"));
    let broken = inside.filter(|link| !leads_to_page(page, link));
    broken.map(|link| format!("{}: {link}", shown(page))).collect()
}

fn leads_to_page(page: &Path, link: &str) -> bool {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
    match anchor {
        None => target.exists(),
        Some(anchor) => target.exists() && anchors(&read(&target)).contains(anchor),
    }
}

/// Returns the targets of `[text](target)`, without those in code.
fn links(page: &str) -> Vec<String> {
    let prose = prose(page).collect::<Vec<_>>().join("\n");
    let without_code = prose.split('`').step_by(2).collect::<String>();
    let targets = without_code.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.map(ToOwned::to_owned).collect()
}

/// Returns the anchors that GitHub and mdBook derive from headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page).filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|&character| character.is_alphanumeric() || "-_ ".contains(character));
        kept.map(|character| if character == ' ' { '-' } else { character }).collect()
    };
    headings.map(anchor).collect()
}

/// Returns the lines outside blocks of code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.unwrap().to_owned()
}

fn pages() -> Vec<PathBuf> {
    files_below(&repository(), "md")
}

fn rust_files() -> Vec<PathBuf> {
    ["crates", "bench", "fuzz", "integrations"]
        .iter()
        .flat_map(|folder| files_below(&repository().join(folder), "rs"))
        .collect()
}

/// Returns whether users read the literals of a source: those of the published crates.
fn is_product(file: &Path) -> bool {
    let published = [
        "crates/proto/src/",
        "crates/client/src/",
        "crates/serve/src/",
        "crates/cli/src/",
        "crates/object-store/src/",
        "integrations/ballista/src/",
        "integrations/datafusion/src/",
        "integrations/opendal/src/",
        "crates/python/src/",
    ];
    let path = shown(file);
    published.iter().any(|folder| path.starts_with(folder))
        && !path.contains("/tests")
        && !path.contains("/properties")
}

/// Returns the files with an extension below a folder, without build output and hidden folders.
fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.file_name().unwrap().to_str().unwrap();
        if entry.is_dir() && !name.starts_with('.') && !OUTPUT.contains(&name) {
            files.extend(files_below(&entry, extension));
        } else if entry.extension().is_some_and(|found| found == extension) {
            files.push(entry);
        }
    }
    files
}

const OUTPUT: [&str; 4] = ["target", "corpus", "artifacts", "book"];

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

/// Returns a path below the repository as messages show it.
fn shown(file: &Path) -> String {
    file.strip_prefix(repository()).unwrap_or(file).display().to_string()
}
