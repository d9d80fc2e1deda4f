//! How far a rotation is, on standard error.

use spark_oauth_core::key_rotation::RotationStep;

use crate::commands::spinner::Spinner;
use crate::commands::trouble::say;

/// A line that moves on a terminal; elsewhere, one line for what is waited for.
#[derive(Debug, Default)]
pub(super) struct Progress {
    spinner: Spinner,
    said: Option<String>,
}

impl Progress {
    pub(super) fn show(&mut self, step: &RotationStep<'_>) {
        if self.spinner.show(|| words(step)) || !is_waiting(step) {
            return;
        }
        let text = words(step);
        if self.said.as_ref() != Some(&text) {
            say(&format!("{text}\n"));
            self.said = Some(text);
        }
    }

    /// Clears the terminal for what follows.
    pub(super) fn finish(&mut self) {
        self.spinner.finish();
    }
}

const fn is_waiting(step: &RotationStep<'_>) -> bool {
    !matches!(step, RotationStep::Pass { .. })
}

fn words(step: &RotationStep<'_>) -> String {
    match step {
        RotationStep::AwaitingProcesses(processes) => {
            let places: Vec<_> = processes.iter().map(|it| it.place.as_str()).collect();
            format!(
                "waiting until the newest key is in use at {}",
                places.join(", ")
            )
        }
        RotationStep::Pass {
            number,
            seen,
            resealed,
        } => format!("pass {number}: {seen} tokens looked at, {resealed} sealed again"),
        RotationStep::AwaitingRefreshes(tokens) => format!(
            "waiting for {} refreshes that began under an older key",
            tokens.len()
        ),
    }
}
