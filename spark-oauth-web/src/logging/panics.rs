//! Panics in the log, on one line like everything else.

use std::panic::{self, PanicHookInfo};

/// Logs every panic of the process as an error, in place of the standard library's
/// text on standard error.
pub fn log_panics() {
    panic::set_hook(Box::new(log));
}

fn log(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("no message");
    let thread = std::thread::current();
    tracing::error!(
        location,
        thread = thread.name().unwrap_or_default(),
        "panic: {message}"
    );
}
