//! Test files: creating them, and verifying that they arrived.

use std::{
    collections::BTreeSet,
    fmt,
    fs::{self, File},
    hash::{DefaultHasher, Hasher},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

/// Fingerprint of a set of files: two are equal when the files are equal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    files: usize,
    bytes: u64,
    hash: u64,
}

impl Contents {
    /// Returns the fingerprint of a listing that printed this many names.
    pub(crate) fn lines(count: usize) -> Self {
        Self { files: count, bytes: 0, hash: 0 }
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files of {} bytes, {:016x}", self.files, self.bytes, self.hash)
    }
}

/// Creates a file in which no two blocks are equal.
pub(crate) fn create_file(path: &Path, bytes: u64) {
    let mut file = File::create(path).unwrap();
    let mut block = vec![0; 1 << 20];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut left = bytes;
    while left > 0 {
        for word in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        let length = left.min(block.len() as u64) as usize;
        file.write_all(&block[..length]).unwrap();
        left -= length as u64;
    }
}

/// Creates many files of 4 KiB.
pub(crate) fn create_files(directory: &Path, count: usize) {
    fs::create_dir_all(directory).unwrap();
    for number in 0..count {
        fs::write(directory.join(name(number)), name(number).repeat(512)).unwrap();
    }
}

/// Creates many empty files.
pub(crate) fn create_empty_files(directory: &Path, count: usize) {
    create_empty_files_from(directory, 0, count);
}

/// Creates many empty files, numbered from `first`.
pub(crate) fn create_empty_files_from(directory: &Path, first: usize, count: usize) {
    fs::create_dir_all(directory).unwrap();
    for number in first..first + count {
        File::create(directory.join(name(number))).unwrap();
    }
}

/// Returns the name of a file by its number; it has eight bytes.
pub(crate) fn name(number: usize) -> String {
    format!("f{number:07}")
}

/// Returns the fingerprint of a file, or of the files in a directory.
pub(crate) fn check(path: &Path) -> Contents {
    let mut paths: Vec<PathBuf> = match fs::read_dir(path) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => vec![path.to_owned()],
    };
    paths.sort();
    let mut hasher = DefaultHasher::new();
    let mut bytes = 0;
    for path in &paths {
        hasher.write(path.file_name().unwrap_or_default().as_encoded_bytes());
        bytes += hash(path, &mut hasher);
    }
    Contents { files: paths.len(), bytes, hash: hasher.finish() }
}

fn hash(path: &Path, hasher: &mut DefaultHasher) -> u64 {
    let Ok(mut file) = File::open(path) else { return 0 };
    let mut block = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let mut filled = 0;
        while filled < block.len() {
            match file.read(&mut block[filled..]).unwrap() {
                0 => break,
                read => filled += read,
            }
        }
        if filled == 0 {
            return bytes;
        }
        hasher.write(&block[..filled]);
        bytes += filled as u64;
    }
}

/// Counts the distinct names in the output of a client; each name is at the end of its line.
pub(crate) fn count_names(printed: &Path) -> Contents {
    let lines = BufReader::new(File::open(printed).unwrap()).lines().map_while(Result::ok);
    let name = |line: String| line.trim_end().rsplit([' ', '/', ';']).next().map(str::to_owned);
    let names: BTreeSet<_> = lines.filter_map(name).filter(|name| name.starts_with('f')).collect();
    Contents::lines(names.len())
}
