//! Tokens like those of the real provider.

use std::time::Duration;

use spark_oauth_core::keyring::KeyRing;
use spark_oauth_core::ports::{Clock as _, SystemClock, SystemRandom};
use spark_oauth_core::token::{FIRST_VERSION, Profile, Status, Token, Upkeep};
use spark_oauth_core::{
    AccessToken, ClientId, EmailAddress, PersonId, RefreshToken, Scopes, TokenId,
};

use crate::Outcome;

/// The integration that the tokens belong to.
pub(crate) const CLIENT_ID: &str = "C0ffee-benchmark";

/// Those of the sample configuration.
pub(crate) const SCOPES: &str = "spark:people_read spark:rooms_read spark:rooms_write \
    spark:memberships_read spark:memberships_write spark:messages_read spark:messages_write";

/// The token of a person who has this number.
pub(crate) fn token(ring: &KeyRing, number: usize) -> Outcome<Token> {
    let now = SystemClock.now();
    let id = TokenId::generate(now, &SystemRandom);
    // As long as today's tokens are, and as long as they live.
    let text = format!("{number:064}_PF84_00000000-0000-4000-8000-000000000000");
    Ok(Token {
        id,
        integration: ClientId::new(CLIENT_ID),
        person: Some(PersonId::new(format!(
            "Y2lzY29zcGFyazovL3VzL1BFT1BMRS{number:032}"
        ))),
        email: EmailAddress::parse(&format!("person.{number}@example{}.com", number % 97))?,
        // As after a refresh: another one does not read the profile again.
        profile: Profile {
            email_confirmed_at: Some(now),
            email_lost_at: None,
            read_at: Some(now),
        },
        display_name: Some(format!("Person {number}")),
        scopes: Scopes::parse(SCOPES)?,
        consented_scopes: Scopes::parse(SCOPES)?,
        status: Status::Active,
        access: ring.seal_access(id, &AccessToken::new(text.clone())),
        access_expires_at: now + Duration::from_secs(1_209_599),
        refresh: Some(ring.seal_refresh(id, &RefreshToken::new(text))),
        refresh_expires_at: Some(now + Duration::from_secs(7_775_999)),
        obtained_at: now,
        clock: None,
        granted_at: now,
        last_refresh: None,
        last_failure: None,
        generation: 1,
        version: FIRST_VERSION,
        lease: None,
        attempt: None,
        upkeep: Upkeep::default(),
    })
}
