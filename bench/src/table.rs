//! What was measured, as Markdown.

use crate::cost::{Cost, Outcome};

/// One client's runs.
pub(crate) struct Row {
    name: &'static str,
    costs: Vec<Cost>,
    failure: Option<String>,
}

impl Row {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, costs: Vec::new(), failure: None }
    }

    pub(crate) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Done(cost) => self.costs.push(cost),
            Outcome::Unable => self.failure = Some("cannot do this".to_owned()),
            Outcome::TooSlow(patience) => self.failure = Some(format!("over {} s", patience.as_secs())),
            Outcome::Failed(why) => self.failure = Some(format!("failed: {}", why.replace('|', "/"))),
            Outcome::Wrong(what) => self.failure = Some(format!("**wrong**: {what}")),
        }
    }

    /// One failure is enough to know.
    pub(crate) fn is_given_up(&self) -> bool {
        self.failure.is_some()
    }

    fn median(&self, of: impl Fn(&Cost) -> f64) -> f64 {
        let mut values: Vec<f64> = self.costs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Tells whether each run came to its end.
    pub(crate) fn is_done(&self) -> bool {
        self.failure.is_none() && !self.costs.is_empty()
    }

    pub(crate) fn wall(&self) -> f64 {
        self.median(|cost| cost.wall.as_secs_f64())
    }
}

/// Prints the medians, the fastest first.
pub(crate) fn print(job: &str, rows: &[Row]) {
    println!("\n## {job}\n\n| client | wall s | of the best | cpu s | RSS MiB |\n|---|---|---|---|---|");
    let mut done: Vec<&Row> = rows.iter().filter(|row| row.failure.is_none()).collect();
    done.sort_by(|one, other| one.wall().total_cmp(&other.wall()));
    let best = done.first().map_or(1.0, |row| row.wall());
    for row in done {
        let (cpu, mib) =
            (row.median(|cost| cost.cpu.as_secs_f64()), row.median(|cost| cost.kib as f64 / 1024.0));
        println!("| {} | {:.3} | {:.2} | {cpu:.3} | {mib:.1} |", row.name, row.wall(), row.wall() / best);
    }
    for row in rows {
        if let Some(failure) = &row.failure {
            println!("| {} | {failure} | | | |", row.name);
        }
    }
}
