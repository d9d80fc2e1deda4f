//! Values of the domain as BSON, and back.
//!
//! A time is a BSON date: 64-bit milliseconds since the Unix epoch, as
//! [`Timestamp`] is, so that nothing is lost however far it lies, and an operator
//! reads it in the shell. Unsigned counters keep their 64 bits in a signed integer.
//! The words of enumerations are those of the JSON interface.

use std::str::FromStr;

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime};
use serde::Serialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::ser::Error as _;
use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::StoreError;

use crate::errors::{Unreadable, corrupt};

pub(crate) const fn date(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.as_millis())
}

pub(crate) const fn timestamp(date: DateTime) -> Timestamp {
    Timestamp::from_millis(date.timestamp_millis())
}

pub(crate) fn binary(bytes: impl Into<Vec<u8>>) -> Binary {
    Binary {
        subtype: BinarySubtype::Generic,
        bytes: bytes.into(),
    }
}

/// The bytes of a value that has a fixed length.
pub(crate) fn fixed<const N: usize>(
    binary: Binary,
    collection: &'static str,
    field: &'static str,
) -> Result<[u8; N], Unreadable> {
    let bytes = binary.bytes.try_into();
    bytes.map_err(|_| Unreadable::new(collection, field))
}

/// A small count, which a document holds as a wider number.
pub(crate) fn count(
    number: i64,
    collection: &'static str,
    field: &'static str,
) -> Result<u32, Unreadable> {
    let count = number.try_into();
    count.map_err(|_| Unreadable::new(collection, field))
}

/// Reads a value of the domain from its text.
pub(crate) fn parse<T: FromStr>(
    text: &str,
    collection: &'static str,
    field: &'static str,
) -> Result<T, Unreadable> {
    text.parse().map_err(|_| Unreadable::new(collection, field))
}

/// The word of a value of an enumeration without fields.
pub(crate) fn to_word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    match mongodb::bson::serialize_to_bson(value) {
        Ok(mongodb::bson::Bson::String(word)) => Ok(word),
        Ok(_) => Err(corrupt(Error::custom(
            "an enumeration has a form that is no word",
        ))),
        Err(error) => Err(corrupt(error)),
    }
}

/// The value that a word stands for.
pub(crate) fn from_word<T: DeserializeOwned>(
    word: &str,
    collection: &'static str,
    field: &'static str,
) -> Result<T, Unreadable> {
    let deserializer: StrDeserializer<'_, Error> = word.into_deserializer();
    T::deserialize(deserializer).map_err(|_| Unreadable::new(collection, field))
}
