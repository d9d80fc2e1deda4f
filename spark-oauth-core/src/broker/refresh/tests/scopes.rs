//! What an answer says of the granted scopes.

use super::*;
use crate::scopes::Scopes;

fn scopes(text: &str) -> Scopes {
    Scopes::parse(text).unwrap()
}

#[tokio::test]
async fn an_answer_that_names_scopes_sets_the_granted_ones() {
    for (said, granted) in [
        (Some("spark:people_read"), "spark:people_read"),
        (
            Some("spark:people_read spark:rooms_read"),
            "spark:people_read spark:rooms_read",
        ),
        // Not said: they are the same as before (RFC 6749 section 6).
        (None, "spark:rooms_read"),
    ] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        let mut told = answer("new-access", Some("new-refresh"));
        told.scopes = said.map(scopes);
        scene.client.on_refresh(Reply::of(told));
        let token = refresh(&scene, id).await.unwrap().token;
        assert_eq!(token.scopes, scopes(granted), "{said:?}");
        assert_eq!(token.consented_scopes, scopes("spark:rooms_read"));
        assert_eq!(scene.token(id), token);
    }
}

/// Neither the answer nor the other record is lost.
#[tokio::test]
async fn the_scopes_may_become_those_of_another_record_of_the_person() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let other = scene.token_of("ann", "spark:people_read");
    scene.stores.put_token(other.clone());
    let mut told = answer("new-access", Some("new-refresh"));
    told.scopes = Some(other.scopes.clone());
    scene.client.on_refresh(Reply::of(told));
    let token = refresh(&scene, id).await.unwrap().token;
    assert_eq!(token.scopes, other.scopes);
    assert_eq!(
        scene.opened(id),
        ("new-access".into(), Some("new-refresh".into()))
    );
    assert_eq!(scene.token(other.id), other);
}
