//! The sample's records as an adapter read them: whatever stands there, of whatever
//! type.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::import::Kind;
use crate::timestamp::Timestamp;

/// Everything that a source holds.
#[derive(Debug, Default)]
pub struct Sample {
    /// The tokens.
    pub tokens: Vec<SampleRecord>,
    /// The admins.
    pub admins: Vec<SampleRecord>,
    /// What is no record at all.
    pub unreadable: Vec<UnreadableRecord>,
}

/// Something that stands where a record should, and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRecord {
    /// What it should have been.
    pub kind: Kind,
    /// Where it stands, such as the file and the line.
    pub place: String,
    /// What is wrong with it. Holds no value of it.
    pub fault: String,
}

/// One record of the sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleRecord {
    /// Where it stands: the database and the collection, or the file and the line.
    pub place: String,
    /// Its `_id`.
    pub id: SampleId,
    /// The other fields.
    pub fields: BTreeMap<String, SampleValue>,
}

/// The `_id` of a record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SampleId {
    /// There is none, or none of a type that is known here.
    Unknown,
    /// A text that somebody chose.
    Text(String),
    /// An `ObjectId`: it begins with the time of its making.
    ObjectId([u8; 12]),
}

/// The value of a field. Any text may be a secret, so that `Debug` shows the type
/// alone.
#[derive(Clone, PartialEq, Eq)]
pub enum SampleValue {
    /// A text.
    Text(Zeroizing<String>),
    /// A number of whatever size.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A date.
    Date,
    /// An array.
    Array,
    /// An object.
    Object,
    /// `null`.
    Null,
    /// Any other type.
    Other,
}

impl SampleId {
    /// Reads the 24 hexadecimal digits of an `ObjectId`.
    pub fn parse_object_id(digits: &str) -> Option<Self> {
        let well_formed = digits.len() == 24 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let mut bytes = [0; 12];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let pair = digits.get(2 * index..2 * index + 2)?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        well_formed.then_some(Self::ObjectId(bytes))
    }

    /// When the record was made, to the second.
    pub fn created_at(&self) -> Option<Timestamp> {
        let Self::ObjectId([a, b, c, d, ..]) = self else {
            return None;
        };
        let seconds = u32::from_be_bytes([*a, *b, *c, *d]);
        Some(Timestamp::EPOCH + Duration::from_secs(seconds.into()))
    }
}

impl fmt::Display for SampleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("without _id"),
            // Chosen by somebody, so it may be long, or hold control characters.
            Self::Text(text) => {
                let shown: String = text.chars().take(40).collect();
                write!(f, "{shown:?}")
            }
            Self::ObjectId(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

impl fmt::Debug for SampleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SampleId({self})")
    }
}

impl SampleValue {
    /// Takes a text into keeping.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    /// The type, as in "a number".
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Date => "a date",
            Self::Array => "an array",
            Self::Object => "an object",
            Self::Null => "null",
            Self::Other => "of another type",
        }
    }
}

impl fmt::Debug for SampleValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_id_tells_when_it_was_made() {
        let id = SampleId::parse_object_id("58dbb2f0aabbccddeeff0011").unwrap();
        assert_eq!(
            id.created_at().unwrap().to_string(),
            "2017-03-29T13:13:20.000Z"
        );
        assert_eq!(id.to_string(), "58dbb2f0aabbccddeeff0011");
        assert_eq!(SampleId::Text("a".to_owned()).created_at(), None);
    }

    #[test]
    fn other_texts_are_no_object_ids() {
        for text in [
            "",
            "58dbb2f0aabbccddeeff001",
            "58dbb2f0aabbccddeeff00112",
            "58dbb2f0aabbccddeeff00zz",
            "+8dbb2f0aabbccddeeff0011",
            "ééééééééééééaabbccddeeff",
        ] {
            assert_eq!(SampleId::parse_object_id(text), None, "{text}");
        }
    }

    #[test]
    fn formatting_a_value_shows_nothing_of_it() {
        let record = SampleRecord {
            place: "tokens.json, line 1".to_owned(),
            id: SampleId::Text("a\u{1b}[31m".to_owned()),
            fields: [("access_token".to_owned(), SampleValue::text("sesame"))].into(),
        };
        let shown = format!("{record:?} {}", record.id);
        assert!(!shown.contains("sesame"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
