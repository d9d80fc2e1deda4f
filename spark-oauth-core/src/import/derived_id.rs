//! Identifiers of imported records: the same for the same record of the sample,
//! whenever and from wherever it is read.

use sha2::{Digest as _, Sha256};

use crate::ids::{AdminId, TokenId};
use crate::import::{SampleId, SampleRecord};
use crate::integration::ClientId;
use crate::ports::Random;
use crate::timestamp::Timestamp;

/// The identifier of the token of a record. Where the record has no identifier of its
/// own, that of the person takes its place: there is one record per person.
pub(super) fn token_id(
    integration: &ClientId,
    record: &SampleRecord,
    normalized_email: &str,
) -> TokenId {
    let digest = Derived::from(&["token", integration.as_str()], record, normalized_email);
    TokenId::generate(made_at(record), &digest)
}

/// The identifier of the admin of a record.
pub(super) fn admin_id(record: &SampleRecord, normalized_username: &str) -> AdminId {
    let digest = Derived::from(&["admin"], record, normalized_username);
    AdminId::generate(made_at(record), &digest)
}

fn made_at(record: &SampleRecord) -> Timestamp {
    record.id.created_at().unwrap_or(Timestamp::EPOCH)
}

/// Bytes that hang on a record alone, where an identifier expects random ones.
#[derive(Debug)]
struct Derived([u8; 32]);

impl Derived {
    fn from(labels: &[&str], record: &SampleRecord, name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"import of the Node.js sample");
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        for label in labels {
            add(label.as_bytes());
        }
        let (kind, id) = match &record.id {
            SampleId::ObjectId(bytes) => ("oid", bytes.as_slice()),
            SampleId::Text(text) => ("text", text.as_bytes()),
            SampleId::Unknown => ("name", name.as_bytes()),
        };
        add(kind.as_bytes());
        add(id);
        Self(hash.finalize().into())
    }
}

impl Random for Derived {
    fn fill(&self, bytes: &mut [u8]) {
        for (byte, derived) in bytes.iter_mut().zip(self.0.iter().cycle()) {
            *byte = *derived;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: SampleId) -> SampleRecord {
        SampleRecord {
            place: "anywhere".to_owned(),
            id,
            fields: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn the_same_record_has_the_same_identifier_and_every_other_another() {
        let client = ClientId::new("C1");
        let ids = [
            SampleId::ObjectId([7; 12]),
            SampleId::ObjectId([8; 12]),
            SampleId::Text("a".to_owned()),
            SampleId::Text("b".to_owned()),
            SampleId::Unknown,
        ];
        let id = |sample: &SampleId| token_id(&client, &record(sample.clone()), "a@b");
        for (index, one) in ids.iter().enumerate() {
            assert_eq!(id(one), id(one));
            for other in &ids[index + 1..] {
                assert_ne!(id(one), id(other));
            }
        }
        let record = record(SampleId::Unknown);
        assert_ne!(
            token_id(&client, &record, "a@b"),
            token_id(&client, &record, "b@b")
        );
        assert_ne!(
            token_id(&client, &record, "a@b"),
            token_id(&ClientId::new("C2"), &record, "a@b")
        );
        assert_ne!(
            token_id(&client, &record, "a@b").to_bytes(),
            admin_id(&record, "a@b").to_bytes()
        );
    }

    #[test]
    fn an_identifier_sorts_by_the_time_of_the_sample() {
        let older = record(SampleId::parse_object_id("58dbb2f0aabbccddeeff0011").unwrap());
        let newer = record(SampleId::parse_object_id("58dbb2f1aabbccddeeff0011").unwrap());
        let client = ClientId::new("C1");
        assert!(token_id(&client, &older, "a@b") < token_id(&client, &newer, "a@b"));
    }
}
