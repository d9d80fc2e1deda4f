//! Rooms, memberships, messages and authorizations.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{ALICE, ALL, BOB, CLIENT_ID, Harness};

const NO_ROOM: &str = "Could not find a room with provided ID.";

async fn room(harness: &Harness, token: &str) -> String {
    let reply = harness
        .post("/rooms", token, json!({ "title": "Project Unicorn" }))
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    reply.text("id").to_owned()
}

#[tokio::test]
async fn a_token_is_handed_over_in_a_room_as_the_product_does() {
    let harness = Harness::start().await;
    let alice = harness.tokens(ALICE, ALL).await.access;
    let room = room(&harness, &alice).await;
    let invited = json!({ "roomId": room, "personEmail": "Owner@Example.com" });
    let membership = harness.post("/memberships", &alice, invited.clone()).await;
    assert_eq!(membership.status, StatusCode::OK, "{membership:?}");
    assert_eq!(membership.text("personEmail"), "owner@example.com");
    assert_eq!(membership.body["isModerator"], false);
    let again = harness.post("/memberships", &alice, invited).await;
    again.assert_webex_error(409, "Person is already in the room.");
    let message = harness
        .post(
            "/messages",
            &alice,
            json!({ "roomId": room, "text": "{\"a\":1}" }),
        )
        .await;
    assert_eq!(message.text("text"), "{\"a\":1}");
    assert_eq!(message.text("personEmail"), ALICE);

    let rooms = harness.provider().rooms();
    assert_eq!(rooms.len(), 1);
    assert_eq!(rooms[0].room.title, "Project Unicorn");
    let members: Vec<&str> = rooms[0]
        .members
        .iter()
        .map(|m| m.person_email.as_str())
        .collect();
    assert_eq!(members, [ALICE, "owner@example.com"]);
    assert_eq!(rooms[0].messages[0].text, "{\"a\":1}");

    let path = format!("/rooms/{room}");
    assert_eq!(
        harness.get(&path, &alice).await.text("title"),
        "Project Unicorn"
    );
    let deleted = harness.delete(&path, &alice).await;
    assert_eq!(
        (deleted.status, deleted.body),
        (StatusCode::NO_CONTENT, Value::Null)
    );
    harness
        .delete(&path, &alice)
        .await
        .assert_webex_error(404, NO_ROOM);
    assert!(harness.provider().rooms().is_empty());
}

#[tokio::test]
async fn a_room_of_others_is_not_found() {
    let harness = Harness::start().await;
    let alice = harness.tokens(ALICE, ALL).await.access;
    let bob = harness.tokens(BOB, ALL).await.access;
    let room = room(&harness, &alice).await;
    let path = format!("/rooms/{room}");
    harness
        .get(&path, &bob)
        .await
        .assert_webex_error(404, NO_ROOM);
    harness
        .delete(&path, &bob)
        .await
        .assert_webex_error(404, NO_ROOM);
    let post = json!({ "roomId": room, "text": "hello" });
    harness
        .post("/messages", &bob, post)
        .await
        .assert_webex_error(404, NO_ROOM);
    let invite = json!({ "roomId": room, "personEmail": BOB });
    harness
        .post("/memberships", &bob, invite)
        .await
        .assert_webex_error(404, NO_ROOM);
    for id in ["x", "Y2lzY29zcGFyazovL3VzL1JPT00v"] {
        harness
            .get(&format!("/rooms/{id}"), &alice)
            .await
            .assert_webex_error(404, NO_ROOM);
    }
}

#[tokio::test]
async fn a_message_has_at_most_7439_bytes() {
    let harness = Harness::start().await;
    let alice = harness.tokens(ALICE, ALL).await.access;
    let room = room(&harness, &alice).await;
    // Two bytes each: the limit is on bytes, not on characters.
    let fits = format!("a{}", "é".repeat(3719));
    let too_long = "é".repeat(3720);
    for field in ["text", "markdown"] {
        let message = json!({ "roomId": room, field: fits });
        assert_eq!(
            harness.post("/messages", &alice, message).await.status,
            StatusCode::OK
        );
        let message = json!({ "roomId": room, field: too_long });
        let refused = harness.post("/messages", &alice, message).await;
        refused.assert_webex_error(400, "longer than the limit of 7439 bytes");
    }
}

#[tokio::test]
async fn a_direct_message_goes_to_one_person() {
    let harness = Harness::start().await;
    let alice = harness.tokens(ALICE, ALL).await.access;
    let message = json!({ "toPersonEmail": BOB, "markdown": "**hi** <you>" });
    let first = harness.post("/messages", &alice, message).await;
    assert_eq!(first.text("roomType"), "direct");
    assert_eq!(first.text("html"), "<p>**hi** &lt;you&gt;</p>");
    let bob = harness.provider().person(BOB).unwrap().webex_id();
    let message = json!({ "toPersonId": bob, "text": "again" });
    let second = harness.post("/messages", &alice, message).await;
    assert_eq!(second.text("roomId"), first.text("roomId"));
    let to_self = json!({ "toPersonEmail": ALICE, "text": "x" });
    harness
        .post("/messages", &alice, to_self)
        .await
        .assert_webex_error(400, "to yourself");
}

#[tokio::test]
async fn wrong_bodies_are_told_what_is_wrong() {
    let harness = Harness::start().await;
    let alice = harness.tokens(ALICE, ALL).await.access;
    let room = room(&harness, &alice).await;
    for (path, body, message) in [
        ("/rooms", json!({}), "title is missing"),
        (
            "/rooms",
            json!({ "title": "  " }),
            "title is missing or empty",
        ),
        ("/rooms", json!({ "title": 7 }), "`title`: invalid type"),
        (
            "/memberships",
            json!({ "personEmail": BOB }),
            "roomId is missing",
        ),
        (
            "/memberships",
            json!({ "roomId": room }),
            "person is missing",
        ),
        (
            "/memberships",
            json!({ "roomId": room, "personEmail": "bob" }),
            "is not an e-mail",
        ),
        ("/messages", json!({ "roomId": room }), "message is empty"),
        ("/messages", json!({ "text": "x" }), "exactly one of roomId"),
        (
            "/messages",
            json!({ "roomId": room, "toPersonEmail": BOB, "text": "x" }),
            "exactly one",
        ),
    ] {
        harness
            .post(path, &alice, body)
            .await
            .assert_webex_error(400, message);
    }
    let unknown = json!({ "roomId": room, "personId": "x" });
    harness
        .post("/memberships", &alice, unknown)
        .await
        .assert_webex_error(404, "find a person");
    let url = harness.url("/rooms");
    let plain = harness
        .http
        .post(url)
        .bearer_auth(&alice)
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(plain.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_token_with_the_needed_scope_revokes_itself_by_client() {
    let harness = Harness::start().await;
    let tokens = harness
        .tokens(ALICE, "spark:people_read identity:tokens_write")
        .await;
    let bob = harness.tokens(BOB, ALL).await;
    let foreign = harness
        .delete("/authorizations?clientId=C2", &tokens.access)
        .await;
    foreign.assert_webex_error(404, "Could not find an authorization");
    let path = format!("/authorizations?clientId={CLIENT_ID}");
    assert_eq!(
        harness.delete(&path, &tokens.access).await.status,
        StatusCode::NO_CONTENT
    );
    let me = harness.get("/people/me", &tokens.access).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    let refresh = harness.refresh(&tokens.refresh, &[]).await;
    assert_eq!(refresh.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        harness.get("/people/me", &bob.access).await.status,
        StatusCode::OK
    );
    let stats = harness.provider().stats();
    assert_eq!((stats.revocations, stats.live_grants), (1, 1));
}

#[tokio::test]
async fn one_authorization_is_listed_and_revoked_by_its_id() {
    let harness = Harness::start().await;
    let first = harness.tokens(ALICE, ALL).await;
    let second = harness.tokens(ALICE, ALL).await;
    let bob = harness.tokens(BOB, ALL).await;
    let path = format!("/authorizations?personEmail={ALICE}");
    let list = harness.get(&path, &second.access).await;
    let items = list.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let path_of = |item: &Value| format!("/authorizations/{}", item["id"].as_str().unwrap());

    let foreign = harness.delete(&path_of(&items[0]), &bob.access).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let deleted = harness.delete(&path_of(&items[0]), &second.access).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    let gone = harness.get("/people/me", &first.access).await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        harness.get("/people/me", &second.access).await.status,
        StatusCode::OK
    );

    harness
        .get(&path, &bob.access)
        .await
        .assert_webex_error(403, "missing required scopes");
    harness
        .get("/authorizations", &bob.access)
        .await
        .assert_webex_error(400, "personEmail");
    harness
        .delete("/authorizations", &bob.access)
        .await
        .assert_webex_error(400, "clientId");
}

#[tokio::test]
async fn what_does_not_exist_is_a_404_in_the_same_shape() {
    let harness = Harness::start().await;
    harness
        .get("/nowhere", "x")
        .await
        .assert_webex_error(404, "could not be found");
    harness
        .post("/people/me", "x", json!({}))
        .await
        .assert_webex_error(405, "not supported");
}
