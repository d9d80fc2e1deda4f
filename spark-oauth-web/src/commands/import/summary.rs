//! What an import did, or would do, as a text: what there is to say of single
//! records, a table, and what to do next.

use std::fmt;

use spark_oauth_core::import::{Report, Tally};

/// What an import did, or would do.
#[derive(Debug)]
pub(super) struct Summary<'r> {
    /// From where, without credentials.
    pub(super) origin: String,
    /// Into what, without credentials.
    pub(super) store: String,
    pub(super) report: &'r Report,
    /// Whether nothing was written.
    pub(super) planned: bool,
    /// Whether records were deleted from the source.
    pub(super) deleted: bool,
}

const COLUMNS: [&str; 7] = [
    "read",
    "added",
    "renewed",
    "already there",
    "left out",
    "failed",
    "deleted",
];

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.report.findings {
            writeln!(f, "{finding}")?;
        }
        if !self.report.findings.is_empty() {
            writeln!(f)?;
        }
        let done = if self.planned {
            "Plan of an import"
        } else {
            "Import"
        };
        writeln!(f, "{done} from {} into {}\n", self.origin, self.store)?;
        write!(f, "{:6}", "")?;
        for column in COLUMNS {
            write!(f, "  {column}")?;
        }
        writeln!(f)?;
        row(f, "tokens", &self.report.tokens)?;
        row(f, "admins", &self.report.admins)?;
        if self.deleted {
            self.deletion(f)?;
        }
        self.next(f)
    }
}

impl Summary<'_> {
    fn deletion(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = &self.report.tokens;
        let stay = tokens.read.saturating_sub(tokens.deleted);
        writeln!(
            f,
            "\nDeleted from the source: {} token records, {} of them older records of a person \
             whose newer one is in the store.",
            tokens.deleted, tokens.deleted_older
        )?;
        if stay > 0 {
            writeln!(
                f,
                "Still in the source, with tokens in clear text: {stay} token records, listed \
                 above as left out or not deleted. Correct them there and import again, or \
                 delete them there once nobody needs them."
            )?;
        }
        writeln!(
            f,
            "Backups, exports and log files of the sample may hold tokens too. Delete them."
        )
    }

    fn next(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = &self.report.tokens;
        if self.planned {
            writeln!(f, "\nNothing was written: leave --dry-run out to import.")
        } else if tokens.added + tokens.renewed > 0 {
            writeln!(
                f,
                "\nStop the Node.js sample now, if it still runs: two holders of one refresh token \
                 end each other's. Each imported token is refreshed before its first use."
            )
        } else {
            Ok(())
        }
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, tally: &Tally) -> fmt::Result {
    write!(f, "{name}")?;
    let counts = [
        tally.read,
        tally.added,
        tally.renewed,
        tally.already_there,
        tally.left_out,
        tally.failed,
        tally.deleted,
    ];
    for (column, count) in COLUMNS.iter().zip(counts) {
        write!(f, "  {count:>width$}", width = column.len())?;
    }
    writeln!(f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(report: &Report, planned: bool) -> String {
        let summary = Summary {
            origin: "mongodb://h/".to_owned(),
            store: "sqlite:a.db".to_owned(),
            report,
            planned,
            deleted: false,
        };
        summary.to_string()
    }

    #[test]
    fn the_table_is_aligned() {
        let report = Report {
            tokens: Tally {
                read: 1_234,
                added: 12,
                left_out: 3,
                ..Tally::default()
            },
            ..Report::default()
        };
        let text = text(&report, false);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[..5],
            [
                "Import from mongodb://h/ into sqlite:a.db",
                "",
                "        read  added  renewed  already there  left out  failed  deleted",
                "tokens  1234     12        0              0         3       0        0",
                "admins     0      0        0              0         0       0        0",
            ]
        );
        assert!(text.contains("Stop the Node.js sample"), "{text}");
    }

    #[test]
    fn a_deletion_says_what_stays_in_the_source() {
        let mut report = Report::default();
        report.tokens.read = 5;
        report.tokens.deleted = 4;
        report.tokens.deleted_older = 1;
        let summary = |report: &Report| {
            let summary = Summary {
                origin: "mongodb://h/".to_owned(),
                store: "sqlite:a.db".to_owned(),
                report,
                planned: false,
                deleted: true,
            };
            summary.to_string()
        };
        let text = summary(&report);
        assert!(text.contains("4 token records, 1 of them older"), "{text}");
        assert!(text.contains("clear text: 1 token records"), "{text}");
        report.tokens.deleted = 5;
        let text = summary(&report);
        assert!(!text.contains("clear text"), "{text}");
        assert!(text.contains("Backups"), "{text}");
    }

    #[test]
    fn a_plan_says_that_nothing_was_written() {
        let text = text(&Report::default(), true);
        assert!(text.starts_with("Plan of an import from"), "{text}");
        assert!(text.contains("Nothing was written"), "{text}");
    }
}
