//! What is measured, one figure in one file.

pub(crate) mod backlog;
pub(crate) mod check_out;
pub(crate) mod due;
pub(crate) mod memory;
