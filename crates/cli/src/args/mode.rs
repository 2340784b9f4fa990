//! Permissions as `chmod` takes them: in octal, or as changes of those that exist.

use std::str::FromStr;

/// Permissions in octal, such as `644`, or symbolic, such as `u+w,go-rwx` or `a=rX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    Octal(u32),
    Symbolic(Vec<Clause>),
}

/// One change of some permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clause {
    /// Bits of the classes that change, as in `0o770` for the owner and the group.
    classes: u32,
    action: char,
    source: Source,
}

/// The bits that a clause sets, for all classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// These bits; with `execute_some`, also execution of directories and of what anyone may execute.
    Bits { bits: u32, execute_some: bool },
    /// The permissions of a class, which begin at this bit.
    Class(u32),
}

/// Permissions in octal, up to 7777.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OctalMode(pub(crate) u32);

impl FromStr for OctalMode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        octal(text).map(Self).ok_or("not a mode in octal, as in 644")
    }
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match octal(text) {
            Some(mode) => Ok(Self::Octal(mode)),
            None => text
                .split(',')
                .map(clauses)
                .collect::<Option<Vec<_>>>()
                .map(|clauses| Self::Symbolic(clauses.concat()))
                .ok_or(EXPECTED),
        }
    }
}

impl Mode {
    /// Returns whether the result depends on what exists: on its permissions, or on whether it is a directory.
    pub(crate) fn needs_current(&self) -> bool {
        let Self::Symbolic(clauses) = self else { return false };
        let mut set = 0;
        let depends = clauses.iter().any(|clause| {
            let is_fixed = matches!(clause.source, Source::Bits { execute_some: false, .. });
            set |= if clause.action == '=' { clause.classes } else { 0 };
            !is_fixed || clause.classes & !set != 0
        });
        depends || set != ALL_CLASSES
    }

    /// Returns the permissions to set in place of the current ones.
    pub(crate) fn apply(&self, current: u32, is_dir: bool) -> u32 {
        match self {
            Self::Octal(mode) => *mode,
            Self::Symbolic(clauses) => {
                clauses.iter().fold(current, |mode, clause| clause.apply(mode, is_dir))
            }
        }
    }
}

impl Clause {
    fn apply(&self, mode: u32, is_dir: bool) -> u32 {
        let bits = match self.source {
            Source::Class(shift) => (mode >> shift & 7) * 0o111,
            Source::Bits { bits, execute_some } => {
                let executes = execute_some && (is_dir || mode & 0o111 != 0);
                bits | if executes { 0o111 } else { 0 }
            }
        };
        // The set-user-ID and set-group-ID bits belong to their classes, the sticky bit to all.
        let special = [(0o700, 0o4000), (0o070, 0o2000), (ALL_CLASSES, 0o1000)];
        let special = special.iter().filter(|(classes, _)| self.classes & classes == *classes);
        let mask = special.fold(self.classes, |mask, (_, bit)| mask | bit);
        match self.action {
            '+' => mode | (bits & mask),
            '-' => mode & !(bits & mask),
            // As in coreutils, directories keep bits that were not named.
            _ if is_dir => (mode & !(mask & 0o777)) | (bits & mask),
            _ => (mode & !mask) | (bits & mask),
        }
    }
}

fn octal(text: &str) -> Option<u32> {
    let is_octal = text.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o7777)
}

/// Parses `[ugoa]*` and one or more of `[+-=]` with what they add, remove or set.
fn clauses(text: &str) -> Option<Vec<Clause>> {
    let first = text.find(['+', '-', '='])?;
    let (who, mut rest) = text.split_at(first);
    let mut classes = if who.is_empty() { ALL_CLASSES } else { 0 };
    for class in who.chars() {
        classes |= match class {
            'u' => 0o700,
            'g' => 0o070,
            'o' => 0o007,
            'a' => ALL_CLASSES,
            _ => return None,
        };
    }
    let mut clauses = Vec::new();
    while let Some(action) = rest.chars().next() {
        let after = &rest[1..];
        let end = after.find(['+', '-', '=']).unwrap_or(after.len());
        clauses.push(Clause { classes, action, source: source(&after[..end])? });
        rest = &after[end..];
    }
    Some(clauses)
}

fn source(text: &str) -> Option<Source> {
    match text {
        "u" => return Some(Source::Class(6)),
        "g" => return Some(Source::Class(3)),
        "o" => return Some(Source::Class(0)),
        _ => {}
    }
    let mut bits = 0;
    for letter in text.chars() {
        bits |= match letter {
            'r' => 0o444,
            'w' => 0o222,
            'x' => 0o111,
            's' => 0o6000,
            't' => 0o1000,
            'X' => 0,
            _ => return None,
        };
    }
    Some(Source::Bits { bits, execute_some: text.contains('X') })
}

const ALL_CLASSES: u32 = 0o777;
const EXPECTED: &str = "not a mode such as 644, u+w,go-rwx or a=rX";

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(mode: &str, current: u32, is_dir: bool) -> u32 {
        mode.parse::<Mode>().unwrap().apply(current, is_dir)
    }

    #[test]
    fn symbolic_modes_match_those_of_chmod() {
        for (mode, current, file, directory) in [
            ("644", 0o777, 0o644, 0o644),
            ("u+w", 0o444, 0o644, 0o644),
            ("u+w,go-rwx", 0o555, 0o700, 0o700),
            ("a=rX", 0o640, 0o444, 0o555),
            ("a=rX", 0o740, 0o555, 0o555),
            ("u=rwX,go=rX", 0o600, 0o644, 0o755),
            ("+x", 0o644, 0o755, 0o755),
            ("-w", 0o666, 0o444, 0o444),
            ("g=u", 0o640, 0o660, 0o660),
            ("o=", 0o647, 0o640, 0o640),
            ("ug+rw-x", 0o711, 0o661, 0o661),
            ("g+s,+t", 0o755, 0o3755, 0o3755),
            ("u+s", 0o755, 0o4755, 0o4755),
            ("u-s", 0o4755, 0o755, 0o755),
            ("a=rx", 0o2755, 0o555, 0o2555),
            ("u=g,g=o", 0o754, 0o544, 0o544),
        ] {
            assert_eq!(applied(mode, current, false), file, "{mode} of a file");
            assert_eq!(applied(mode, current, true), directory, "{mode} of a directory");
        }
        for wrong in ["", "u", "u+q", "888", "77777", "x+r", "u+r,", "+rwu", "é"] {
            assert!(wrong.parse::<Mode>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn mode_that_sets_everything_needs_no_listing() {
        for (mode, needs) in [
            ("644", false),
            ("a=r", false),
            ("u=rw,go=r", false),
            ("u=rw", true),
            ("a=rX", true),
            ("a+r", true),
            ("u=rw,go=u", true),
        ] {
            assert_eq!(mode.parse::<Mode>().unwrap().needs_current(), needs, "{mode}");
        }
    }
}
