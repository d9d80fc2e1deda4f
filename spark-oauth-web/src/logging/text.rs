//! A line for people: `TIME LEVEL target: message key=value …`.

use serde_json::Value;
use tracing::Level;

use super::entry::Entry;
use super::escape;

/// Writes the entry, with its line end.
pub(super) fn line(entry: &Entry, colours: bool) -> String {
    let level = format!("{:>5}", entry.level());
    let level = if colours {
        format!("\u{1b}[{}m{level}\u{1b}[0m", colour(entry.level()))
    } else {
        level
    };
    let mut line = format!("{} {level} ", entry.time());
    escape::push(&mut line, entry.target());
    line.push(':');
    if !entry.message().is_empty() {
        line.push(' ');
        escape::push(&mut line, entry.message());
    }
    for (name, value) in entry.named() {
        line.push(' ');
        escape::push(&mut line, name);
        line.push('=');
        match value {
            Value::String(text) => escape::push_value(&mut line, text),
            other => escape::push_value(&mut line, &other.to_string()),
        }
    }
    line.push('\n');
    line
}

/// The SGR parameter of a level (ECMA-48 section 8.3.117).
fn colour(level: Level) -> u8 {
    match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        Level::DEBUG => 34,
        Level::TRACE => 35,
    }
}
