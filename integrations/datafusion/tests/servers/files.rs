//! The files that are queried: 16 of Parquet and 16 of CSV, with the same rows.

use std::{
    fs,
    path::Path,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use datafusion::{
    arrow::{
        array::{ArrayRef, Int64Array, RecordBatch, StringArray},
        csv,
    },
    parquet::{arrow::ArrowWriter, file::properties::WriterProperties},
};

pub(crate) const FILES: usize = 16;
pub(crate) const ROWS: usize = 500;

/// Writes `parquet/NN.parquet` and `csv/NN.csv` below a directory. They are an hour old, as a file that was just written is
/// not kept in memory.
pub(crate) fn write(directory: &Path) {
    for (name, bytes) in all() {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        make_old(&path);
    }
}

pub(crate) fn make_old(path: &Path) {
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(path).unwrap().set_modified(hour_ago).unwrap();
}

/// Returns the names and contents of all files.
pub(crate) fn all() -> &'static [(String, Vec<u8>)] {
    static FILES_ONCE: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FILES_ONCE.get_or_init(|| {
        (0..FILES)
            .flat_map(|file| {
                let rows = rows(file);
                let csv = (format!("csv/{file:02}.csv"), to_csv(&rows));
                [(format!("parquet/{file:02}.parquet"), to_parquet(&rows)), csv]
            })
            .collect()
    })
}

fn rows(file: usize) -> RecordBatch {
    let numbers = || (0..ROWS).map(move |row| (file * ROWS + row) as u64);
    let random = |seed: u64| {
        numbers()
            .map(move |number| (number.wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as i64)
    };
    let columns: [(&str, ArrayRef); 5] = [
        ("station", Arc::new(StringArray::from_iter_values(random(1).map(|n| format!("s{:02}", n % 20))))),
        ("day", Arc::new(Int64Array::from_iter_values(numbers().map(|n| n as i64)))),
        ("temperature", Arc::new(Int64Array::from_iter_values(random(2).map(|n| n % 600 - 200)))),
        ("rain", Arc::new(Int64Array::from_iter(random(3).map(|n| (n % 5 != 0).then_some(n % 90))))),
        ("note", Arc::new(StringArray::from_iter_values(random(4).map(|n| format!("note {}, é", n % 1000))))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

pub(crate) fn to_csv(rows: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    csv::WriterBuilder::new().with_header(true).build(&mut bytes).write(rows).unwrap();
    bytes
}

pub(crate) fn to_parquet(rows: &RecordBatch) -> Vec<u8> {
    // As large as the columns are.
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).unwrap();
    writer.write(rows).unwrap();
    writer.into_inner().unwrap()
}

/// Returns rows of 16 columns of random numbers, of 8 bytes each.
pub(crate) fn wide(rows: u64, seed: u64) -> RecordBatch {
    let column = |column: u64| {
        let values = (0..rows).map(move |row| {
            let mixed = (row * 16 + column + (seed << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) as i64
        });
        (format!("c{column:02}"), Arc::new(Int64Array::from_iter_values(values)) as ArrayRef)
    };
    RecordBatch::try_from_iter((0..16).map(column)).unwrap()
}
