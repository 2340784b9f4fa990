//! The spelling of each style.

use super::PathStyle;

/// A path, split into its directory and its last name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Splitting {
    /// The last slash separates them.
    BySlash,
    /// There is no directory above it.
    Root {
        name: Vec<u8>,
    },
    Parts {
        directory: Vec<u8>,
        name: Vec<u8>,
    },
}

impl PathStyle {
    /// Returns whether a part of a path is absolute in the spelling of the server.
    pub(super) fn starts_natively(self, part: &[u8]) -> bool {
        match self {
            Self::Posix | Self::Os400 | Self::Mpe => false,
            Self::Windows => is_drive_path(part) || part.starts_with(b"\\"),
            Self::Mvs => part.starts_with(b"'"),
            Self::Vms => is_vms_absolute(part),
            Self::NonStop => part.starts_with(b"$") || part.starts_with(b"\\") && part.contains(&b'$'),
            // Stratus VOS: `%system#disk>directory`.
            Self::RelativeOnly => part.starts_with(b"%") && part.contains(&b'#'),
        }
    }

    /// Joins in the spelling of the server; `None` if a slash has to separate the name.
    pub(super) fn joined(self, directory: &[u8], name: &[u8]) -> Option<Vec<u8>> {
        if directory.is_empty() || directory.contains(&b'/') && self != Self::Mvs {
            return None;
        }
        match self {
            Self::Posix | Self::Os400 => None,
            Self::RelativeOnly => self.starts_natively(directory).then(|| [directory, b">", name].concat()),
            Self::Windows if self.starts_natively(directory) || directory.contains(&b'\\') => {
                let separator: &[u8] = if directory.ends_with(b"\\") { b"" } else { b"\\" };
                Some([directory, separator, name].concat())
            }
            Self::Windows => None,
            Self::Mvs => mvs_joined(directory, name),
            Self::Vms => directory.ends_with(b"]").then(|| [directory, name].concat()),
            Self::NonStop => {
                (is_word(name) && self.starts_natively(directory)).then(|| [directory, b".", name].concat())
            }
            Self::Mpe => mpe_joined(directory, name),
        }
    }

    pub(super) fn split(self, path: &[u8]) -> Splitting {
        let has_slash = path.contains(&b'/');
        match self {
            Self::Posix | Self::Os400 => Splitting::BySlash,
            Self::Windows if path.contains(&b'\\') => windows_split(path),
            Self::RelativeOnly if self.starts_natively(path) && !has_slash => at_last(path, b'>'),
            _ if has_slash => Splitting::BySlash,
            Self::Mvs => mvs_split(path),
            Self::Vms => vms_split(path),
            Self::NonStop if self.starts_natively(path) => at_last(path, b'.'),
            Self::Mpe => mpe_split(path),
            _ => Splitting::BySlash,
        }
    }
}

/// Returns whether a word begins an absolute path of some style.
pub(crate) fn looks_absolute(word: &[u8]) -> bool {
    use PathStyle::{Mvs, NonStop, RelativeOnly, Vms, Windows};
    let is_native =
        || [Mvs, Vms, NonStop, Windows, RelativeOnly].iter().any(|style| style.starts_natively(word));
    // `directory:` is not a device of OpenVMS.
    word.starts_with(b"/") || !word.ends_with(b":") && is_native()
}

/// Returns the parts of a path between slashes.
pub(super) fn slash_parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|part| !part.is_empty())
}

/// `C:`, `C:\x` or `C:/x`
pub(super) fn is_drive_path(path: &[u8]) -> bool {
    match path {
        [letter, b':'] | [letter, b':', b'\\' | b'/', ..] => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Returns whether words stand in a text with no letter or digit next to them.
pub(super) fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + words.len()..).and_then(|text| text.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

/// Removes the version of `NAME.EXT;1`.
pub(super) fn without_version(name: &[u8]) -> &[u8] {
    match memchr::memrchr(b';', name).and_then(|at| name.split_at_checked(at)) {
        Some((bare @ [_, ..], [b';', version @ ..])) if version.iter().all(u8::is_ascii_digit) => bare,
        _ => name,
    }
}

/// Returns the arguments that may mean a directory of OpenVMS.
pub(super) fn vms_directory_arguments(directory: &[u8]) -> Vec<Vec<u8>> {
    let (folder, name) = match memchr::memrchr(b']', directory) {
        Some(at) => directory.split_at_checked(at + 1).unwrap_or((directory, b"")),
        None => (&b""[..], directory),
    };
    if name.is_empty() || name.contains(&b'/') || matches!(name, b"." | b"..") || name.ends_with(b":") {
        return vec![directory.to_vec()];
    }
    let bare = without_dir(name);
    // An escaped dot is part of the name.
    let escaped = escape_dots(bare);
    match folder.strip_suffix(b"]") {
        Some(folder) => vec![[folder, b".", &escaped, b"]"].concat(), directory.to_vec()],
        None => vec![[b"[.", &*escaped, b"]"].concat(), bare.to_vec()],
    }
}

fn escape_dots(name: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(name.len());
    for byte in name {
        if *byte == b'.' && !escaped.ends_with(b"^") {
            escaped.push(b'^');
        }
        escaped.push(*byte);
    }
    escaped
}

/// Removes the `.DIR;1` of a directory.
fn without_dir(name: &[u8]) -> &[u8] {
    let bare = without_version(name);
    match bare.len().checked_sub(4).and_then(|at| bare.split_at_checked(at)) {
        Some((bare @ [_, ..], suffix)) if suffix.eq_ignore_ascii_case(b".DIR") => bare,
        _ => bare,
    }
}

/// `DISK:[ANN]`, `DISK:`, `NODE::DISK:[ANN]` or `[ANN]`, but not `[.SUB]` and `[-]`
fn is_vms_absolute(path: &[u8]) -> bool {
    let Some(open) = path.iter().position(|byte| matches!(byte, b'[' | b'<')) else {
        return path.ends_with(b":") && path.len() > 2;
    };
    let (device, folder) = path.split_at_checked(open).unwrap_or_default();
    let has_end = folder.iter().any(|byte| matches!(byte, b']' | b'>'));
    let is_relative = matches!(folder, [_, b'.' | b'-' | b']', ..]);
    let is_device = |byte: &u8| byte.is_ascii_alphanumeric() || b"$_:-.".contains(byte);
    has_end && !is_relative && (device.is_empty() || device.ends_with(b":") && device.iter().all(is_device))
}

fn vms_split(path: &[u8]) -> Splitting {
    let Some(end) = memchr::memrchr(b']', path) else { return Splitting::BySlash };
    let (folder, name) = path.split_at_checked(end + 1).unwrap_or_default();
    if !name.is_empty() {
        return Splitting::Parts { directory: folder.to_vec(), name: name.to_vec() };
    }
    let Some(open) = path.iter().position(|byte| *byte == b'[') else { return Splitting::BySlash };
    let (device, folder) = path.split_at_checked(open + 1).unwrap_or_default();
    let folder = folder.strip_suffix(b"]").unwrap_or(folder);
    if matches!(folder, b"" | b"000000" | b"-") {
        return Splitting::Root { name: Vec::new() };
    }
    match last_dot(folder).and_then(|at| folder.split_at_checked(at)) {
        // `[.SUB]` is in the working directory.
        Some((b"", [_, name @ ..])) => Splitting::Parts { directory: Vec::new(), name: name.to_vec() },
        Some((above, [_, name @ ..])) => {
            Splitting::Parts { directory: [device, above, b"]"].concat(), name: name.to_vec() }
        }
        _ => Splitting::Parts { directory: [device, b"000000]"].concat(), name: folder.to_vec() },
    }
}

/// Returns the position of the last dot that no `^` escapes.
fn last_dot(folder: &[u8]) -> Option<usize> {
    let is_free = |at: &usize| at.checked_sub(1).and_then(|before| folder.get(before)) != Some(&b'^');
    memchr::memrchr_iter(b'.', folder).find(is_free)
}

/// `'ANN.'` and `SRC` are `'ANN.SRC'`; `'ANN.SRC'` and `MENU` are `'ANN.SRC(MENU)'`.
fn mvs_joined(directory: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let inside = directory.strip_prefix(b"'")?.strip_suffix(b"'")?;
    let is_quoted = !inside.contains(&b'\'') && !inside.contains(&b'/');
    match inside {
        [.., b'.'] if is_quoted && name.split(|byte| *byte == b'.').all(is_word) => {
            Some([b"'", inside, name, b"'"].concat())
        }
        [.., last] if is_quoted && !b".)".contains(last) && is_word(name) => {
            Some([b"'", inside, b"(", name, b")'"].concat())
        }
        _ => None,
    }
}

fn mvs_split(path: &[u8]) -> Splitting {
    let quoted = path.strip_prefix(b"'").and_then(|path| path.strip_suffix(b"'"));
    let inside = quoted.unwrap_or(path);
    let spelled = |text: &[u8]| if quoted.is_some() { [b"'", text, b"'"].concat() } else { text.to_vec() };
    if let Some(member) = inside.strip_suffix(b")")
        && let Some((set, [_, name @ ..])) =
            memchr::memrchr(b'(', member).and_then(|at| member.split_at_checked(at))
    {
        return Splitting::Parts { directory: spelled(set), name: name.to_vec() };
    }
    if quoted.is_none() {
        return Splitting::BySlash;
    }
    let inside = inside.strip_suffix(b".").unwrap_or(inside);
    match memchr::memrchr(b'.', inside).and_then(|at| inside.split_at_checked(at + 1)) {
        Some((prefix, name)) => Splitting::Parts { directory: spelled(prefix), name: name.to_vec() },
        None => Splitting::Root { name: inside.to_vec() },
    }
}

fn windows_split(path: &[u8]) -> Splitting {
    let is_separator = |byte: &u8| matches!(byte, b'\\' | b'/');
    let trimmed = match path {
        [rest @ .., b'\\'] if !rest.ends_with(b":") && !rest.is_empty() => rest,
        _ => path,
    };
    let Some(at) = trimmed.iter().rposition(is_separator) else { return Splitting::BySlash };
    let (directory, name) = trimmed.split_at_checked(at + 1).unwrap_or_default();
    if name.is_empty() {
        return Splitting::Root { name: Vec::new() };
    }
    let directory = match directory {
        [b'\\'] | [_, b':', b'\\'] => directory,
        [b'\\', b'\\'] => return Splitting::Root { name: name.to_vec() },
        [rest @ .., _] => rest,
        [] => directory,
    };
    Splitting::Parts { directory: directory.to_vec(), name: name.to_vec() }
}

/// `FILE.GROUP.ACCOUNT`: the name comes first.
fn mpe_split(path: &[u8]) -> Splitting {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'.').collect();
    match parts[..] {
        [name, group, account] if [name, group, account].into_iter().all(is_word) => {
            Splitting::Parts { directory: [group, b".", account].concat(), name: name.to_vec() }
        }
        _ => Splitting::BySlash,
    }
}

fn mpe_joined(directory: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let parts: Vec<&[u8]> = directory.split(|byte| *byte == b'.').collect();
    let is_group = parts.len() == 2 && parts.into_iter().all(is_word) && is_word(name);
    is_group.then(|| [name, b".", directory].concat())
}

fn at_last(path: &[u8], separator: u8) -> Splitting {
    match memchr::memrchr(separator, path).and_then(|at| path.split_at_checked(at)) {
        Some((directory @ [_, ..], [_, name @ ..])) if !name.is_empty() && !is_system(directory) => {
            Splitting::Parts { directory: directory.to_vec(), name: name.to_vec() }
        }
        _ => Splitting::Root { name: path.to_vec() },
    }
}

/// `\SYSTEM` of NonStop, above which there is nothing to enter.
fn is_system(path: &[u8]) -> bool {
    path.starts_with(b"\\") && !path.contains(&b'$')
}

/// A name of at most eight letters, digits and national characters: a member of a data set, a file of Guardian or
/// MPE/iX.
fn is_word(name: &[u8]) -> bool {
    (1..=8).contains(&name.len())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"@#$".contains(byte))
}
