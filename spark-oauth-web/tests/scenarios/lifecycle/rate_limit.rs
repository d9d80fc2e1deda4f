//! The provider asks for fewer calls, in every spelling of `Retry-After`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use webex_emulator::Fault;

use super::TOKENS;
use super::scene::{MOST_OF_ITS_LIFE, Scene};
use crate::harness::{BOB, Setup};

/// How long a pause lasts, in seconds.
fn length(pause: &Value) -> i64 {
    let moment = |field: &str| {
        let text = pause[field].as_str().unwrap();
        OffsetDateTime::parse(text, &Rfc3339).unwrap()
    };
    (moment("until") - moment("since")).whole_seconds()
}

async fn pauses_all_refreshing(
    retry_after: impl FnOnce(OffsetDateTime) -> String,
    seconds: RangeInclusive<i64>,
) {
    let mut scene = Scene::with(Setup::on_disk()).await;
    scene.rig.advance(MOST_OF_ITS_LIFE);
    let asked = retry_after(scene.rig.upstream.provider.now());
    scene.rig.upstream.spoil(Fault {
        status: Some(429),
        headers: BTreeMap::from([("retry-after".to_owned(), asked.clone())]),
        ..Fault::on(TOKENS)
    });
    let pause = scene.pauses(true).await;
    assert_eq!(pause["reason"], "rate_limited");
    assert!(seconds.contains(&length(&pause)), "{asked}: {pause}");
    // A pause is nobody else's trouble.
    assert_eq!(scene.rig.browser().get("/readyz").await.text(), "ready");
    let receipt = scene.rig.browser().grant(BOB).await;
    assert_eq!(receipt.heading(), "Access granted");
    assert_eq!(scene.rig.upstream.stats().refreshes, 0);

    scene.pass(Duration::from_mins(2)).await;
    scene.refreshed().await;
    scene.pauses(false).await;
    assert_eq!(scene.count("active").await, 2);
}

#[tokio::test]
async fn seconds_are_waited_for() {
    pauses_all_refreshing(|_| "5".to_owned(), 5..=5).await;
}

#[tokio::test]
async fn a_date_is_waited_for() {
    let http_date = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let in_a_while = |now: OffsetDateTime| (now + Duration::from_secs(90)).format(http_date);
    pauses_all_refreshing(|now| in_a_while(now).unwrap(), 80..=95).await;
}

#[tokio::test]
async fn nonsense_is_a_pause_of_our_own() {
    pauses_all_refreshing(|_| "rand(30),add(30)".to_owned(), 5..=10).await;
}
