//! Values of the domain as text, and back: the words of its enumerations are the
//! ones of the JSON interface.

use serde::Serialize;
use std::str::FromStr;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use spark_oauth_core::ports::StoreError;

use crate::errors::{Unreadable, corrupt};

/// The word of a value of an enumeration without fields.
pub(crate) fn to_word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) => Err(corrupt("an enumeration has a form that is no word")),
        Err(error) => Err(corrupt(error)),
    }
}

/// The value that a word stands for.
pub(crate) fn from_word<T: DeserializeOwned>(
    word: &str,
    column: &'static str,
) -> Result<T, Unreadable> {
    let deserializer: StrDeserializer<'_, Error> = word.into_deserializer();
    T::deserialize(deserializer).map_err(|_| Unreadable(column))
}

/// Reads a value of the domain from its text.
pub(crate) fn parse<T: FromStr>(text: &str, column: &'static str) -> Result<T, Unreadable> {
    text.parse().map_err(|_| Unreadable(column))
}
