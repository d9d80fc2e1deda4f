//! Documents of a collection as records of the sample.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, RawDocumentBuf};
use spark_oauth_core::import::{SampleId, SampleRecord, SampleValue};

/// The record of a document; `None` where its bytes are no document.
pub(super) fn record(raw: &RawDocumentBuf, place: &str) -> Option<SampleRecord> {
    let document = Document::try_from(raw.as_ref()).ok()?;
    let mut id = SampleId::Unknown;
    let mut fields = std::collections::BTreeMap::new();
    for (name, value) in document {
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

fn sample_id(value: Bson) -> SampleId {
    match value {
        Bson::ObjectId(id) => SampleId::ObjectId(id.bytes()),
        Bson::String(text) => SampleId::Text(text),
        _ => SampleId::Unknown,
    }
}

fn sample_value(value: Bson) -> SampleValue {
    match value {
        Bson::String(text) | Bson::Symbol(text) => SampleValue::text(text),
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => {
            SampleValue::Number
        }
        Bson::Boolean(_) => SampleValue::Boolean,
        Bson::DateTime(_) => SampleValue::Date,
        Bson::Array(_) => SampleValue::Array,
        Bson::Document(_) => SampleValue::Object,
        Bson::Null | Bson::Undefined => SampleValue::Null,
        _ => SampleValue::Other,
    }
}

/// The `_id` of a record as it stands in its collection; `None` where it is of a type
/// that the record does not tell.
pub(super) fn bson_id(id: &SampleId) -> Option<Bson> {
    match id {
        SampleId::ObjectId(bytes) => Some(ObjectId::from_bytes(*bytes).into()),
        SampleId::Text(text) => Some(text.into()),
        SampleId::Unknown => None,
    }
}
