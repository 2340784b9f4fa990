//! Tree of files with difficult names.

use std::{
    fmt, fs,
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::units::{HumanBytes, count};

/// Contents of the tree.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DemoTree {
    pub(super) files: u64,
    /// Directories, without the root.
    pub(super) directories: u64,
    pub(super) empty: u64,
    pub(super) bytes: u64,
}

impl fmt::Display for DemoTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = count(self.files, "file", "files");
        let directories = count(self.directories, "directory", "directories");
        write!(f, "{files} in {directories}, {}, {} of them empty;", HumanBytes(self.bytes), self.empty)?;
        write!(f, " names with blanks, quotes and non-ASCII letters")
    }
}

/// Creates a tree in `root`, with one file of `largest` bytes.
pub(super) fn create(root: &Path, largest: u64) -> io::Result<DemoTree> {
    let mut tree = DemoTree::default();
    let mut noise = Noise(SEED);
    fs::create_dir(root)?;
    for directory in DIRECTORIES {
        fs::create_dir(root.join(directory))?;
        tree.directories += 1;
        for (index, name) in NAMES.iter().enumerate() {
            // Every fourth file is empty; the other sizes are not multiples of a block.
            let size = if index % 4 == 0 { 0 } else { noise.next() % 100_000 };
            tree.add(&root.join(directory).join(name), size, &mut noise)?;
        }
    }
    tree.add(&root.join("large file.bin"), largest, &mut noise)?;
    Ok(tree)
}

impl DemoTree {
    fn add(&mut self, path: &Path, size: u64, noise: &mut Noise) -> io::Result<()> {
        let mut file = BufWriter::with_capacity(64 * 1024, fs::File::create(path)?);
        let mut left = size;
        while left > 0 {
            let bytes = noise.next().to_le_bytes();
            let taken = left.min(bytes.len() as u64);
            file.write_all(&bytes[..taken as usize])?;
            left -= taken;
        }
        file.flush()?;
        self.files += 1;
        self.empty += u64::from(size == 0);
        self.bytes += size;
        Ok(())
    }
}

/// Pseudo-random bytes (xorshift), the same in every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

const DIRECTORIES: [&str; 7] = [
    "letters",
    "letters/2023 and before",
    "letters/2023 and before/Grüße",
    "photos",
    "photos/日本 2024",
    "photos/it's a \"test\"",
    "photos/it's a \"test\"/deeper",
];

const NAMES: [&str; 8] = [
    ".hidden and empty",
    "plain.txt",
    "two  blanks.txt",
    "it's \"quoted\".txt",
    "100%; #1 [of] {2}?.txt",
    "Käse und Brötchen.txt",
    "日本語.txt",
    "-dash.txt",
];
