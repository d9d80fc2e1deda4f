//! What a command says: its outcome on standard output, and where it cannot go on,
//! why, on standard error, with the causes.

use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;

use crate::launch::StartError;

/// The exit code of a wrong call or configuration.
pub(super) const WRONG_CALL: u8 = 2;

/// Writes an error with its causes, one line each, and gives the exit code back.
pub fn complain(error: &dyn Error, code: u8) -> ExitCode {
    let mut text = format!("error: {error}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  because: {error}");
        cause = error.source();
    }
    say(&text);
    ExitCode::from(code)
}

/// Writes the error of a start.
pub(super) fn not_started(error: &StartError) -> ExitCode {
    complain(error, error.exit_code())
}

/// Writes to standard output; where nobody reads it, there is nobody to tell.
pub(super) fn tell(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Writes to standard error; where nobody reads it, there is nobody to tell.
pub(super) fn say(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stderr().write_all(text.as_bytes());
}
