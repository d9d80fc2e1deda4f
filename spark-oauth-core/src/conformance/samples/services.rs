//! API keys and consent links.

use super::{email, hash, later, made_at, scopes, unknown_token};
use crate::api_keys::{ApiKey, DomainName, KeyHash, KeyName, KeyScope, KeyScopes, Reach};
use crate::consent_links::{ConsentLink, LinkProgress, Note, ReturnAddress};
use crate::ids::{ApiKeyId, ConsentLinkId};
use crate::ports::SystemRandom;
use crate::token::FIRST_VERSION;

/// A domain from its text.
pub fn domain(text: &str) -> DomainName {
    DomainName::parse(text).expect("the domain of a sample is valid")
}

/// A place to return to from its text.
pub fn return_address(text: &str) -> ReturnAddress {
    ReturnAddress::parse(text).expect("the address of a sample is valid")
}

/// A note from its text.
pub fn note(text: &str) -> Note {
    Note::parse(text).expect("the note of a sample is valid")
}

/// A key with nothing that may be absent.
pub fn api_key(number: u32) -> ApiKey {
    ApiKey {
        id: ApiKeyId::generate(made_at(number), &SystemRandom),
        name: KeyName::parse(&format!("key {number}")).expect("the name of a sample is valid"),
        hash: KeyHash(hash(number)),
        scopes: KeyScopes::new([KeyScope::TokensUse]).expect("a key has a scope"),
        reach: Reach::everybody(),
        requests_per_minute: None,
        created_at: made_at(number),
        created_by: "operator".to_owned(),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    }
}

/// A key with everything that may be absent.
pub fn full_api_key(number: u32) -> ApiKey {
    let name = format!("Nightly \"report\" {number} \u{1f511} 100%_'");
    ApiKey {
        name: KeyName::parse(&name).expect("the name of a sample is valid"),
        scopes: KeyScopes::new(KeyScope::ALL).expect("a key has a scope"),
        reach: Reach::of(
            [email("Ann@example.org"), email("Zoë@example.org")],
            [domain("example.com"), domain("exämple.net")],
        ),
        requests_per_minute: 600.try_into().ok(),
        created_by: "Admin_1 née Ångström".to_owned(),
        expires_at: Some(later(1)),
        last_used_at: Some(later(2)),
        revoked_at: Some(later(3)),
        ..api_key(number)
    }
}

/// An open link with nothing that may be absent, good for an hour.
pub fn link(number: u32) -> ConsentLink {
    ConsentLink {
        id: ConsentLinkId::generate(made_at(number), &SystemRandom),
        scopes: scopes("spark:people_read spark:rooms_write"),
        note: None,
        expected_email: None,
        return_to: None,
        single_use: false,
        created_at: made_at(number),
        created_by: "operator".to_owned(),
        expires_at: later(3_600),
        progress: LinkProgress::Open,
        version: FIRST_VERSION,
    }
}

/// A link with everything that may be absent.
pub fn full_link(number: u32) -> ConsentLink {
    ConsentLink {
        note: Some(note(&format!(
            "Dear Zoë,\nfor report \"{number}\" \u{1f511}"
        ))),
        expected_email: Some(email("Zoë@Example.com")),
        return_to: Some(return_address(
            "https://app.example.com/done?x=1&y=%C3%A9#end",
        )),
        single_use: true,
        created_by: "nightly report \u{1f511}".to_owned(),
        progress: LinkProgress::Granted {
            at: later(4),
            token: Some(unknown_token()),
        },
        version: 17,
        ..link(number)
    }
}
