//! Records as the sample keeps them.

use serde_json::{Value, json};
use webex_emulator::Scopes;

use crate::harness::Upstream;

/// Shorter and simpler than any that may be set here.
pub(super) const OLD_PASSWORD: &str = "123456";

const CLIENT_ID: &str = "C80fb9c7096bd8474627317ee1d7a817eff372ca9c9cee3ce43c3ea3e8d1511ec";

/// An `ObjectId` that was made so many seconds after the first of March 2017.
pub(super) fn object_id(seconds: u32) -> String {
    format!("{:08x}aabbccddeeff0011", 0x58b6_0f00 + seconds)
}

/// A token of the sample that the provider knows.
pub(super) fn live_token(upstream: &Upstream, seconds: u32, email: &str) -> Value {
    let scopes = Scopes::parse("spark:people_read spark:rooms_read").unwrap();
    let granted = upstream.provider.grant(email, CLIENT_ID, scopes).unwrap();
    let granted = serde_json::to_value(granted).unwrap();
    let mut token = token(seconds, email, "");
    for field in ["access_token", "refresh_token"] {
        token[field] = granted[field].clone();
    }
    token
}

/// A token of the sample that nobody knows.
pub(super) fn token(seconds: u32, email: &str, secret: &str) -> Value {
    json!({
        "_id": { "$oid": object_id(seconds) },
        "access_token": format!("the-access-token-{secret}"),
        "expires_in": { "$numberLong": "1209599" },
        "refresh_token": format!("the-refresh-token-{secret}"),
        "refresh_token_expires_in": 7_775_999,
        "email": email,
        "__v": 0,
    })
}

/// An admin of the sample.
pub(super) fn admin(seconds: u32, username: &str) -> Value {
    json!({
        "_id": { "$oid": object_id(seconds) },
        "username": username,
        "password": bcrypt::hash(OLD_PASSWORD, 4).unwrap().replace("$2b$", "$2a$"),
        "email": "somebody@example.org",
    })
}

/// The same with another value in a field; `null` takes it away.
pub(super) fn with(mut record: Value, field: &str, value: impl Into<Value>) -> Value {
    match value.into() {
        Value::Null => drop(record.as_object_mut().unwrap().remove(field)),
        value => record[field] = value,
    }
    record
}

/// What may not be seen anywhere.
pub(super) fn secrets(records: &[Value]) -> Vec<String> {
    let fields = ["access_token", "refresh_token", "password"];
    let secrets = records
        .iter()
        .flat_map(|record| fields.iter().filter_map(|field| record[field].as_str()));
    secrets.map(str::to_owned).collect()
}
