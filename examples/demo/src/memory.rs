//! What the emulator is told of an earlier run.
//!
//! It keeps everything in memory and forgets with the process whom it gave tokens to,
//! which Webex never does. So that a newcomer who starts the demo again can still
//! refresh yesterday's tokens, it is reminded of them out of the vault. No token lies
//! on disk in clear for that.

use std::num::NonZeroU16;
use std::sync::Arc;

use spark_oauth_core::Timestamp;
use spark_oauth_core::keyring::KeyRing;
use spark_oauth_core::ports::{PageRequest, Stores, SystemRandom, TokenFilter};
use spark_oauth_core::token::{StatusKind, Token};
use spark_oauth_web::config::{Config, Keys};
use spark_oauth_web::launch::{StartError, open_stores};
use time::OffsetDateTime;
use webex_emulator::{EarlierGrant, Provider, Scopes};

/// How many tokens are read at once.
const PAGE: NonZeroU16 = NonZeroU16::new(200).unwrap();

/// Tells the emulator of the tokens in the store, and answers of how many.
pub(crate) async fn remind(provider: &Provider, config: &Config) -> Result<usize, StartError> {
    // Without keys this is a first start, or the application will say which is missing.
    let Keys::Ring(ring) = config.keys.read(Arc::new(SystemRandom))? else {
        return Ok(0);
    };
    let opened = open_stores(&config.store).await?;
    let outcome = remind_of_all(provider, &opened.stores, &ring).await;
    opened.close().await;
    outcome
}

async fn remind_of_all(
    provider: &Provider,
    stores: &Stores,
    ring: &KeyRing,
) -> Result<usize, StartError> {
    let filter = TokenFilter {
        status: Some(StatusKind::Active),
        ..TokenFilter::default()
    };
    let mut request = PageRequest::first(PAGE);
    let mut count = 0;
    loop {
        let page = stores.tokens.list(&filter, &request).await?;
        for token in &page.items {
            let taken_up =
                grant_of(token, ring).is_some_and(|grant| provider.take_up(grant).is_ok());
            count += usize::from(taken_up);
        }
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(count),
        }
    }
}

/// The grant that a record came of; `None` where it cannot be refreshed or opened.
fn grant_of(token: &Token, ring: &KeyRing) -> Option<EarlierGrant> {
    let refresh_token = ring.open_refresh(token.id, token.refresh.as_ref()?).ok()?;
    let access_token = ring.open_access(token.id, &token.access).ok()?;
    let refresh_expires = token.refresh_expires_at.unwrap_or(token.access_expires_at);
    Some(EarlierGrant {
        email: token.email.to_string(),
        client_id: token.integration.to_string(),
        scopes: Scopes::parse(&token.scopes.to_string()).ok()?,
        access_token: access_token.expose_secret().to_owned(),
        access_expires: moment(token.access_expires_at)?,
        refresh_token: refresh_token.expose_secret().to_owned(),
        refresh_expires: moment(refresh_expires)?,
    })
}

fn moment(at: Timestamp) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.as_millis()) * 1_000_000).ok()
}
