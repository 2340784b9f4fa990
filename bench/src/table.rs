//! Results as a Markdown table.

use crate::measure::{Measurement, Outcome};

/// The runs of one client.
pub(crate) struct Row {
    name: &'static str,
    measurements: Vec<Measurement>,
    failure: Option<String>,
}

impl Row {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, measurements: Vec::new(), failure: None }
    }

    pub(crate) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Done(measure) => self.measurements.push(measure),
            Outcome::Unsupported => self.failure = Some("not supported".to_owned()),
            Outcome::TooSlow(timeout) => self.failure = Some(format!("over {} s", timeout.as_secs())),
            Outcome::Failed(why) => self.failure = Some(format!("failed: {}", why.replace('|', "/"))),
            Outcome::WrongResult(what) => self.failure = Some(format!("**wrong**: {what}")),
        }
    }

    /// Returns whether a run failed; the client is then not run again.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    fn median(&self, of: impl Fn(&Measurement) -> f64) -> f64 {
        let mut values: Vec<f64> = self.measurements.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Returns whether all runs succeeded.
    pub(crate) fn is_done(&self) -> bool {
        self.failure.is_none() && !self.measurements.is_empty()
    }

    pub(crate) fn wall(&self) -> f64 {
        self.median(|measure| measure.wall.as_secs_f64())
    }
}

/// Prints the medians, fastest client first.
pub(crate) fn print(scenario: &str, rows: &[Row]) {
    println!("\n## {scenario}\n\n| client | wall s | relative | cpu s | RSS MiB |\n|---|---|---|---|---|");
    let mut done: Vec<&Row> = rows.iter().filter(|row| row.failure.is_none()).collect();
    done.sort_by(|one, other| one.wall().total_cmp(&other.wall()));
    let best = done.first().map_or(1.0, |row| row.wall());
    for row in done {
        let (cpu, mib) = (
            row.median(|measure| measure.cpu.as_secs_f64()),
            row.median(|measure| measure.kib as f64 / 1024.0),
        );
        println!("| {} | {:.3} | {:.2} | {cpu:.3} | {mib:.1} |", row.name, row.wall(), row.wall() / best);
    }
    for row in rows {
        if let Some(failure) = &row.failure {
            println!("| {} | {failure} | | | |", row.name);
        }
    }
}
