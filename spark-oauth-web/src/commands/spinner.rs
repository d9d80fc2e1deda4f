//! A line that moves, on standard error, where that is a terminal.

use std::io::{self, IsTerminal as _};

use indicatif::ProgressBar;

/// How far a command is whose end is not known.
#[derive(Debug, Default)]
pub(super) struct Spinner(Option<ProgressBar>);

impl Spinner {
    /// Shows a text on a terminal; `false` where there is none.
    pub(super) fn show(&mut self, text: impl FnOnce() -> String) -> bool {
        let is_terminal = io::stderr().is_terminal();
        if is_terminal {
            let bar = self.0.get_or_insert_with(ProgressBar::new_spinner);
            bar.set_message(text());
            bar.tick();
        }
        is_terminal
    }

    /// Clears the terminal for what follows.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}
