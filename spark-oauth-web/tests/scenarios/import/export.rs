//! What `mongoexport` writes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Writes an export of both collections: the tokens with a line for each record, the
/// admins as an array.
pub(super) fn write(folder: &Path, tokens: &[Value], admins: &[Value]) -> PathBuf {
    let export = folder.join("export");
    std::fs::create_dir_all(&export).unwrap();
    let mut lines = String::new();
    for token in tokens {
        writeln!(lines, "{token}").unwrap();
    }
    std::fs::write(export.join("tokenCenterCollection.json"), lines).unwrap();
    let array = Value::from(admins).to_string();
    std::fs::write(export.join("adminUsersCollection.json"), array).unwrap();
    export
}
