//! What the provider sends the browser back with.

use sha2::{Digest, Sha256};

use crate::consent::State;
use crate::secret::AuthorizationCode;

/// The parameters of a callback (RFC 6749 sections 4.1.2 and 4.1.2.1), as they came.
#[derive(Debug)]
pub struct Callback {
    /// What binds the callback to a consent that was begun.
    pub state: Option<State>,
    /// The code, where the person accepted.
    pub code: Option<AuthorizationCode>,
    /// Why there is no code.
    pub refusal: Option<ProviderRefusal>,
    /// Which authorization server answered (`iss`, RFC 9207 section 2).
    pub issuer: Option<String>,
}

impl Callback {
    /// A hash of code and error, which is the same if one callback is delivered twice.
    pub(super) fn answer(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        if let Some(refusal) = &self.refusal {
            hash.update(b"error ");
            hash.update(&refusal.error);
        }
        if let Some(code) = &self.code {
            hash.update(b" code ");
            hash.update(code.expose_secret());
        }
        hash.finalize().into()
    }
}

/// Why the provider sent no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRefusal {
    /// The error code, such as `access_denied` or `invalid_scope`.
    pub error: String,
    /// The provider's own words.
    pub description: Option<String>,
}

impl ProviderRefusal {
    /// Takes over the parameters, bounded and without control characters: anybody
    /// can write them into a link.
    pub fn new(error: &str, description: Option<&str>) -> Self {
        Self {
            error: clean(error, 64),
            description: description
                .map(|text| clean(text, 300))
                .filter(|text| !text.is_empty()),
        }
    }

    /// Whether the person, not the provider, said no.
    pub fn is_declined(&self) -> bool {
        self.error == "access_denied"
    }
}

/// The text without control characters, cut to `limit` characters.
pub(super) fn clean(text: &str, limit: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(limit)
        .collect()
}
