//! Tokens and admins told apart by their fields, where no name tells.

use spark_oauth_core::import::{Kind, Sample, SampleRecord, UnreadableRecord};

const TOKEN_FIELDS: [&str; 2] = ["access_token", "refresh_token"];
const ADMIN_FIELDS: [&str; 2] = ["username", "password"];

/// What a record is by its fields.
pub(super) fn kind_of(record: &SampleRecord) -> Option<Kind> {
    let has = |fields: [&str; 2]| {
        fields
            .iter()
            .any(|field| record.fields.contains_key(*field))
    };
    if has(TOKEN_FIELDS) {
        Some(Kind::Token)
    } else if has(ADMIN_FIELDS) {
        Some(Kind::Admin)
    } else {
        None
    }
}

/// Adds a record where it belongs.
pub(super) fn add(sample: &mut Sample, kind: Option<Kind>, record: SampleRecord) {
    match kind.or_else(|| kind_of(&record)) {
        Some(Kind::Token) => sample.tokens.push(record),
        Some(Kind::Admin) => sample.admins.push(record),
        None => sample.unreadable.push(UnreadableRecord {
            kind: Kind::Token,
            place: record.place,
            fault: "it has neither the fields of a token nor those of an admin".to_owned(),
        }),
    }
}
