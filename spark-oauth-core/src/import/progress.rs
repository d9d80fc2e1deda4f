//! How far an import is.

use std::fmt;

/// What an import does, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Deciding what becomes of each record, and writing it.
    Writing,
    /// Reading back what is stored, and opening it.
    ReadingBack,
    /// Deleting from the source.
    Deleting,
}

/// Is told how far an import is.
pub trait Progress: Send + Sync {
    /// A stage of so many records begins.
    fn begin(&self, stage: Stage, records: u64);

    /// One record of the stage is done.
    fn step(&self);
}

/// Nobody looks on.
impl Progress for () {
    fn begin(&self, _stage: Stage, _records: u64) {}

    fn step(&self) {}
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Writing => "importing",
            Self::ReadingBack => "reading back",
            Self::Deleting => "deleting from the source",
        })
    }
}
