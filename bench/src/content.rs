//! The files, and whether they arrived.

use std::{
    collections::BTreeSet,
    fmt,
    fs::{self, File},
    hash::{DefaultHasher, Hasher},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

/// What a check found: two are equal when the files are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    files: usize,
    bytes: u64,
    hash: u64,
}

impl Checked {
    /// So many names were printed.
    pub(crate) fn lines(count: usize) -> Self {
        Self { files: count, bytes: 0, hash: 0 }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files of {} bytes, {:016x}", self.files, self.bytes, self.hash)
    }
}

/// Makes a file that no two blocks of are alike.
pub(crate) fn lay_file(path: &Path, bytes: u64) {
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

/// Makes many files of 4 KiB.
pub(crate) fn lay_files(directory: &Path, count: usize) {
    fs::create_dir_all(directory).unwrap();
    for number in 0..count {
        fs::write(directory.join(name(number)), name(number).repeat(512)).unwrap();
    }
}

/// Makes many empty files.
pub(crate) fn lay_names(directory: &Path, count: usize) {
    lay_names_from(directory, 0, count);
}

/// Makes many empty files whose names begin at a number.
pub(crate) fn lay_names_from(directory: &Path, first: usize, count: usize) {
    fs::create_dir_all(directory).unwrap();
    for number in first..first + count {
        File::create(directory.join(name(number))).unwrap();
    }
}

/// Gives the name of one of many files, of eight bytes.
pub(crate) fn name(number: usize) -> String {
    format!("f{number:07}")
}

/// Reads a file, or the files of a directory.
pub(crate) fn check(path: &Path) -> Checked {
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
    Checked { files: paths.len(), bytes, hash: hasher.finish() }
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

/// Counts the different names in what a client printed, each at the end of its line.
pub(crate) fn count_names(printed: &Path) -> Checked {
    let lines = BufReader::new(File::open(printed).unwrap()).lines().map_while(Result::ok);
    let name = |line: String| line.trim_end().rsplit([' ', '/', ';']).next().map(str::to_owned);
    let names: BTreeSet<_> = lines.filter_map(name).filter(|name| name.starts_with('f')).collect();
    Checked::lines(names.len())
}
