//! What an import did, or would do.

use std::fmt;

use crate::import::{Remark, Sample, SampleId, SampleRecord};

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many tokens came to what.
    pub tokens: Tally,
    /// How many admins came to what.
    pub admins: Tally,
    /// What there is to say, record by record.
    pub findings: Vec<Finding>,
}

/// How many records came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many the source holds.
    pub read: u64,
    /// How many were not here before.
    pub added: u64,
    /// How many were here, untouched, and took over what the sample has changed since.
    pub renewed: u64,
    /// How many were here, and stay as they are.
    pub already_there: u64,
    /// How many were left out.
    pub left_out: u64,
    /// How many were deleted from the source.
    pub deleted: u64,
    /// How many of these were older records of a person whose newer one is in the store.
    pub deleted_older: u64,
    /// How many could not be written, read back or opened.
    pub failed: u64,
}

/// A token or an admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A token.
    Token,
    /// An admin.
    Admin,
}

/// What became of a record there is something to say of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It was imported, or was here already, all the same.
    Taken,
    /// It was left out.
    LeftOut,
    /// It could not be written, read back or opened.
    Failed,
    /// It, or a newer record of the same person, was imported; it was not deleted from the
    /// source.
    NotDeleted,
}

/// What there is to say of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub place: String,
    /// Its `_id`.
    pub id: SampleId,
    /// Whose it is, where that is known: an address or a username.
    pub subject: Option<String>,
    /// What became of it.
    pub verdict: Verdict,
    /// What there is to say.
    pub remark: Remark,
}

impl Report {
    /// What is to be said before any record is looked at.
    pub(super) fn of_reading(sample: &Sample) -> Self {
        let mut report = Self::default();
        report.tokens.read = sample.tokens.len() as u64;
        report.admins.read = sample.admins.len() as u64;
        for unreadable in &sample.unreadable {
            let tally = report.tally(unreadable.kind);
            tally.read += 1;
            tally.left_out += 1;
            report.findings.push(Finding {
                kind: unreadable.kind,
                place: unreadable.place.clone(),
                id: SampleId::Unknown,
                subject: None,
                verdict: Verdict::LeftOut,
                remark: Remark::Unreadable(unreadable.fault.clone()),
            });
        }
        report
    }

    /// Whether every record that was to be imported is in the store, and opens.
    pub fn is_sound(&self) -> bool {
        self.tokens.failed == 0 && self.admins.failed == 0
    }

    pub(super) fn tally(&mut self, kind: Kind) -> &mut Tally {
        match kind {
            Kind::Token => &mut self.tokens,
            Kind::Admin => &mut self.admins,
        }
    }

    /// Leaves a record out, for one reason or several. It counts once.
    pub(super) fn leave_out(
        &mut self,
        source: &Source<'_>,
        remarks: impl IntoIterator<Item = Remark>,
    ) {
        self.tally(source.kind).left_out += 1;
        for remark in remarks {
            self.push(source, Verdict::LeftOut, remark);
        }
    }

    /// Tells something of a record, and counts it where it was left out or failed.
    pub(super) fn tell(
        &mut self,
        source: &Source<'_>,
        verdict: Verdict,
        remark: impl Into<Remark>,
    ) {
        match verdict {
            Verdict::LeftOut => self.tally(source.kind).left_out += 1,
            Verdict::Failed => self.tally(source.kind).failed += 1,
            Verdict::Taken | Verdict::NotDeleted => {}
        }
        self.push(source, verdict, remark.into());
    }

    fn push(&mut self, source: &Source<'_>, verdict: Verdict, remark: Remark) {
        self.findings.push(Finding {
            kind: source.kind,
            place: source.record.place.clone(),
            id: source.record.id.clone(),
            subject: source.subject.clone(),
            verdict,
            remark,
        });
    }
}

/// The record that a finding is about.
#[derive(Clone, Debug)]
pub(super) struct Source<'s> {
    pub(super) kind: Kind,
    pub(super) record: &'s SampleRecord,
    pub(super) subject: Option<String>,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::Admin => "admin",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Taken => "taken",
            Self::LeftOut => "left out",
            Self::Failed => "failed",
            Self::NotDeleted => "not deleted",
        })
    }
}

impl fmt::Display for Finding {
    /// One line: `left out: token of a@example.com (58db… in tokenCenter): why`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.verdict, self.kind)?;
        if let Some(subject) = &self.subject {
            let of = match self.kind {
                Kind::Token => "of ",
                Kind::Admin => "",
            };
            write!(f, " {of}{subject}")?;
        }
        match &self.id {
            SampleId::Unknown => write!(f, " ({})", self.place)?,
            id => write!(f, " ({id} in {})", self.place)?,
        }
        write!(f, ": {}", self.remark)
    }
}
