//! How far a copy is, on a terminal and nowhere else.

use std::io::{self, IsTerminal as _};

use indicatif::ProgressBar;
use spark_oauth_core::store_copy::CopyStep;

/// A line that moves.
#[derive(Debug, Default)]
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    pub(super) fn show(&mut self, step: CopyStep) {
        if io::stderr().is_terminal() {
            let bar = self.0.get_or_insert_with(ProgressBar::new_spinner);
            bar.set_message(format!("{}: {}", step.kind, step.seen));
            bar.tick();
        }
    }

    /// Clears the terminal for what follows.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}
