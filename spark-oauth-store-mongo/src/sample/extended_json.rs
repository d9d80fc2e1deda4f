//! Values of MongoDB's [extended JSON], in its canonical, relaxed and older forms.
//!
//! [extended JSON]: https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use spark_oauth_core::import::{SampleId, SampleRecord, SampleValue};

/// The record of a JSON value; `None` where it is no object.
pub(super) fn record(value: Value, place: &str) -> Option<SampleRecord> {
    let Value::Object(object) = value else {
        return None;
    };
    let mut id = SampleId::Unknown;
    let mut fields = BTreeMap::new();
    for (name, value) in object {
        if name == "_id" {
            id = sample_id(value);
        } else {
            fields.insert(name, sample_value(value));
        }
    }
    Some(SampleRecord {
        place: place.to_owned(),
        id,
        fields,
    })
}

/// `{"$oid": "…"}`; a script of one's own writes an `ObjectId` as its digits alone.
fn sample_id(value: Value) -> SampleId {
    let text = match value {
        Value::String(text) => text,
        Value::Object(object) => match only(&object) {
            Some(("$oid", Value::String(digits))) => {
                return SampleId::parse_object_id(digits).unwrap_or(SampleId::Unknown);
            }
            _ => return SampleId::Unknown,
        },
        _ => return SampleId::Unknown,
    };
    SampleId::parse_object_id(&text).unwrap_or(SampleId::Text(text))
}

fn sample_value(value: Value) -> SampleValue {
    match value {
        Value::String(text) => SampleValue::text(text),
        Value::Number(_) => SampleValue::Number,
        Value::Bool(_) => SampleValue::Boolean,
        Value::Array(_) => SampleValue::Array,
        Value::Null => SampleValue::Null,
        Value::Object(mut object) => match only(&object) {
            Some(("$symbol", _)) => match object.remove("$symbol") {
                Some(Value::String(text)) => SampleValue::text(text),
                _ => SampleValue::Other,
            },
            Some(("$numberInt" | "$numberLong" | "$numberDouble" | "$numberDecimal", _)) => {
                SampleValue::Number
            }
            Some(("$date", _)) => SampleValue::Date,
            Some(("$undefined", _)) => SampleValue::Null,
            Some((name, _)) if name.starts_with('$') => SampleValue::Other,
            _ => SampleValue::Object,
        },
    }
}

/// The one entry of an object that has no other.
fn only(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = object.iter();
    match (entries.next(), entries.next()) {
        (Some((name, value)), None) => Some((name, value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_a_value_has_its_type() {
        for (value, expected) in [
            (json!("text"), SampleValue::text("text")),
            (json!({"$symbol": "text"}), SampleValue::text("text")),
            (json!(5), SampleValue::Number),
            (json!(5.5), SampleValue::Number),
            (json!({"$numberInt": "5"}), SampleValue::Number),
            (json!({"$numberLong": "5"}), SampleValue::Number),
            (json!({"$numberDouble": "Infinity"}), SampleValue::Number),
            (json!({"$numberDecimal": "5"}), SampleValue::Number),
            (json!({"$date": "2017-03-29T13:13:20Z"}), SampleValue::Date),
            (
                json!({"$date": {"$numberLong": "1490793200000"}}),
                SampleValue::Date,
            ),
            (json!({"$undefined": true}), SampleValue::Null),
            (json!(null), SampleValue::Null),
            (json!(true), SampleValue::Boolean),
            (json!([1]), SampleValue::Array),
            (json!({}), SampleValue::Object),
            (json!({"a": 1}), SampleValue::Object),
            (json!({"$date": 1, "a": 1}), SampleValue::Object),
            (
                json!({"$oid": "58dbb2f0aabbccddeeff0011"}),
                SampleValue::Other,
            ),
        ] {
            assert_eq!(sample_value(value.clone()), expected, "{value}");
        }
    }

    #[test]
    fn every_form_of_an_identifier_is_known() {
        let digits = "58dbb2f0aabbccddeeff0011";
        let id = SampleId::parse_object_id(digits).unwrap();
        for (value, expected) in [
            (json!({ "$oid": digits }), id.clone()),
            (json!(digits), id),
            (json!("ann"), SampleId::Text("ann".to_owned())),
            (json!({"$oid": "ann"}), SampleId::Unknown),
            (json!({"$oid": 5}), SampleId::Unknown),
            (json!(5), SampleId::Unknown),
        ] {
            assert_eq!(sample_id(value.clone()), expected, "{value}");
        }
    }

    #[test]
    fn what_is_no_object_is_no_record() {
        assert!(record(json!([]), "here").is_none());
        let record = record(json!({"_id": "a", "email": "b"}), "here").unwrap();
        assert_eq!(record.fields.len(), 1, "_id is not among the fields");
    }
}
