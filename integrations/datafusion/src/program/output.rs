//! Results on stdout.

use std::io::{self, Write};

use clap::ValueEnum;
use datafusion::{
    arrow::{csv, json, util::pretty::pretty_format_batches_with_schema},
    prelude::DataFrame,
};
use futures_util::StreamExt;

use super::{failure::Failure, progress::Progress};

/// The output format of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Format {
    /// A table with lines around it.
    Table,
    /// CSV with the names of the columns.
    Csv,
    /// One JSON object per line.
    Json,
}

/// Runs a query and prints its result. CSV and JSON are printed as they arrive, a table when it is complete.
pub(super) async fn print(frame: DataFrame, format: Format, progress: &Progress) -> Result<(), Failure> {
    let mut batches = frame.execute_stream().await?;
    let schema = batches.schema();
    if schema.fields().is_empty() {
        // A statement without a result, such as SET.
        while let Some(batch) = batches.next().await {
            batch?;
        }
        return Ok(());
    }
    let out = || Out { progress };
    match format {
        Format::Table => {
            let mut rows = Vec::new();
            while let Some(batch) = batches.next().await {
                rows.push(batch?);
            }
            let table = pretty_format_batches_with_schema(schema, &rows)?;
            writeln!(out(), "{table}").map_err(Failure::Output)
        }
        Format::Csv => {
            let mut writer = csv::WriterBuilder::new().with_header(true).build(out());
            let mut is_empty = true;
            while let Some(batch) = batches.next().await {
                is_empty = false;
                writer.write(&batch?)?;
            }
            if is_empty {
                writer.write(&datafusion::arrow::array::RecordBatch::new_empty(schema))?;
            }
            Ok(())
        }
        Format::Json => {
            let mut writer = json::LineDelimitedWriter::new(out());
            while let Some(batch) = batches.next().await {
                writer.write(&batch?)?;
            }
            writer.finish()?;
            Ok(())
        }
    }
}

/// Stdout, with the progress hidden while it is written to.
struct Out<'a> {
    progress: &'a Progress,
}

impl Write for Out<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.progress.suspended(|| io::stdout().write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}
