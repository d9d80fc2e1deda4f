//! Who consents.

use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;

/// The provider's own, opaque identifier of a person. It outlives a change of
/// the e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(String);

impl PersonId {
    /// Takes over the identifier as the provider wrote it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as the provider wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A person as the provider knows them (`GET /people/me`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The provider's identifier.
    pub id: PersonId,
    /// The first of the person's addresses.
    pub email: EmailAddress,
    /// The name to show, where the provider has one.
    pub display_name: Option<String>,
}
