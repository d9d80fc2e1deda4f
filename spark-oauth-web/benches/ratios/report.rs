//! The table, and the same as JSON.

use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::pairs::Pairs;

/// Says how far the run is, and what came of it.
#[expect(
    clippy::print_stdout,
    reason = "the table is what the command is run for"
)]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// What is wanted of a figure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    AtLeast(f64),
    AtMost(f64),
    /// It is shown, not judged.
    None,
}

impl Aim {
    fn is_met(self, value: f64) -> Option<bool> {
        match self {
            Self::AtLeast(aim) => Some(value >= aim),
            Self::AtMost(aim) => Some(value <= aim),
            Self::None => None,
        }
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(aim) => write!(f, "≥ {aim}"),
            Self::AtMost(aim) => write!(f, "≤ {aim}"),
            Self::None => f.write_str("–"),
        }
    }
}

/// One figure.
#[derive(Debug)]
pub(crate) struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    aim: Aim,
    details: Vec<(&'static str, f64)>,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &'static str, aim: Aim) -> Self {
        Self {
            what: what.into(),
            value,
            unit,
            aim,
            details: Vec::new(),
        }
    }

    /// The ratio of two sides that were measured in turn, with what each achieved.
    pub(crate) fn ratio(
        what: impl Into<String>,
        pairs: &Pairs,
        (ours, other): (&'static str, &'static str),
        aim: Aim,
    ) -> Self {
        let (least, most) = pairs.spread();
        Self::new(what, pairs.ratio(), "ratio", aim)
            .with(ours, pairs.ours())
            .with(other, pairs.other())
            .with("least", least)
            .with("most", most)
    }

    /// Adds a figure that explains this one.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: f64) -> Self {
        self.details.push((name, value));
        self
    }

    fn to_json(&self) -> Value {
        let details: Map<String, Value> = self
            .details
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        json!({
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "aim": self.aim.to_string(),
            "met": self.aim.is_met(self.value),
            "details": details,
        })
    }
}

/// All figures of one run.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Row>);

impl Report {
    pub(crate) fn add(&mut self, rows: impl IntoIterator<Item = Row>) {
        self.0.extend(rows);
    }

    /// Shows the figures, and writes them as JSON to a file.
    pub(crate) fn publish(&self, rounds: usize, path: &Path) -> Outcome {
        fs::write(path, format!("{:#}\n", self.to_json(rounds)))?;
        say(&format!("{self}\nas JSON: {}", path.display()));
        Ok(())
    }

    fn to_json(&self, rounds: usize) -> Value {
        let processors = std::thread::available_parallelism().map_or(0, Into::into);
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "processors": processors,
            "rounds": rounds,
            "rows": self.0.iter().map(Row::to_json).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|row| row.what.chars().count()).max();
        let width = width.unwrap_or_default();
        writeln!(
            f,
            "{:width$}  {:>8} {:5}  {:>6}  {:3}  details",
            "figure", "value", "", "aim", "met"
        )?;
        for row in &self.0 {
            let met = match row.aim.is_met(row.value) {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "",
            };
            let aim = row.aim.to_string();
            write!(
                f,
                "{:width$}  {:>8} {:5}  {aim:>6}  {met:3} ",
                row.what,
                short(row.value),
                row.unit
            )?;
            for (name, value) in &row.details {
                write!(f, " {name} {}", short(*value))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Three digits that matter.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
