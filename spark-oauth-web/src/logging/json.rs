//! A line for machines: one JSON object.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::entry::Entry;
use super::escape;

/// The names that every line has; a field of the same name gets an underscore.
const FIXED: [&str; 4] = ["time", "level", "target", "message"];

/// Writes the entry, with its line end.
pub(super) fn line(entry: &Entry) -> String {
    // Texts, numbers and booleans always have a JSON form.
    let text = serde_json::to_string(entry).unwrap_or_default();
    let mut line = escape::json(&text);
    line.push('\n');
    line
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("time", &self.time())?;
        object.serialize_entry("level", self.level().as_str())?;
        object.serialize_entry("target", self.target())?;
        object.serialize_entry("message", self.message())?;
        for (name, value) in self.named() {
            let name: Cow<'_, str> = if FIXED.contains(name) {
                format!("{name}_").into()
            } else {
                (*name).into()
            };
            object.serialize_entry(&name, value)?;
        }
        object.end()
    }
}
