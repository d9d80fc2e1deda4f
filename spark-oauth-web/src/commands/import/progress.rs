//! A bar on standard error, where that is a terminal.

use std::io::{self, IsTerminal as _};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};
use spark_oauth_core::import::{Progress, Stage};

/// How far the import is, drawn on a terminal and nowhere else.
#[derive(Debug, Default)]
pub(super) struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
    /// Clears the terminal for what follows.
    pub(super) fn finish(&self) {
        if let Some(bar) = self.replaced(None) {
            bar.finish_and_clear();
        }
    }

    fn replaced(&self, bar: Option<ProgressBar>) -> Option<ProgressBar> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *held, bar)
    }
}

impl Progress for Bar {
    fn begin(&self, stage: Stage, records: u64) {
        self.finish();
        if io::stderr().is_terminal() {
            let bar = ProgressBar::new(records).with_message(stage.to_string());
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
            // The template is fixed; with the default one the bar shows all the same.
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            self.replaced(Some(bar.with_style(style)));
        }
    }

    fn step(&self) {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &*held {
            bar.inc(1);
        }
    }
}
