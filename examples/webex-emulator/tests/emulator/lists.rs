//! Lists with their pages, and what is read, changed and deleted one by one.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{ALICE, ALL, BOB, Harness, Reply};

/// A harness with Alice's token and so many rooms of hers, oldest first.
async fn with_rooms(number: usize) -> (Harness, String, Vec<String>) {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    let mut rooms = Vec::new();
    for number in 0..number {
        let title = json!({ "title": format!("Room {number}") });
        let room = harness.post("/rooms", &token, title).await;
        rooms.push(room.text("id").to_owned());
    }
    (harness, token, rooms)
}

/// The pages of a list, as an SDK follows them: by the whole address in `Link`.
async fn pages(harness: &Harness, token: &str, path: &str) -> Vec<Vec<Value>> {
    let mut next = Some(harness.url(path));
    let mut pages = Vec::new();
    while let Some(url) = next {
        assert!(pages.len() < 50, "the list does not end");
        let request = harness.http.get(&url).bearer_auth(token);
        let response = request.send().await.unwrap();
        next = response.headers().get("link").map(|link| {
            let link = link.to_str().unwrap();
            let url = link.strip_prefix('<').unwrap();
            url.strip_suffix(">; rel=\"next\"").unwrap().to_owned()
        });
        let reply = Reply::of(response).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        pages.push(reply.body["items"].as_array().unwrap().clone());
    }
    pages
}

fn ids(pages: &[Vec<Value>]) -> Vec<String> {
    let items = pages.iter().flatten();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_list_has_100_items_a_page_unless_max_says_otherwise() {
    let (harness, token, mut rooms) = with_rooms(205).await;
    let lengths = |pages: &[Vec<Value>]| pages.iter().map(Vec::len).collect::<Vec<_>>();
    let usual = pages(&harness, &token, "/rooms?sortBy=created").await;
    assert_eq!(lengths(&usual), [100, 100, 5]);
    rooms.reverse();
    assert_eq!(ids(&usual), rooms, "the newest room is first");
    let large = pages(&harness, &token, "/rooms?max=5000").await;
    assert_eq!(lengths(&large), [205]);
    let small = pages(&harness, &token, "/rooms?max=41&type=group").await;
    assert_eq!(lengths(&small), [41, 41, 41, 41, 41]);
    assert_eq!(ids(&small).into_iter().collect::<BTreeSet<_>>().len(), 205);
    assert_eq!(
        ids(&pages(&harness, &token, "/rooms?type=direct").await).len(),
        0
    );
}

#[tokio::test]
async fn the_address_of_the_next_page_keeps_the_filters() {
    let (harness, token, _) = with_rooms(3).await;
    let path = "/rooms?max=2&type=group&sortBy=lastactivity";
    let request = harness.http.get(harness.url(path)).bearer_auth(&token);
    let response = request.send().await.unwrap();
    let link = response.headers()["link"].to_str().unwrap().to_owned();
    let next = Url::parse(link[1..].split('>').next().unwrap()).unwrap();
    let base = Url::parse(&harness.url("/rooms")).unwrap();
    assert_eq!((next.origin(), next.path()), (base.origin(), base.path()));
    let mut names: Vec<_> = next
        .query_pairs()
        .map(|(name, _)| name.into_owned())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["cursor", "max", "sortBy", "type"]);
}

#[tokio::test]
async fn rooms_that_go_between_two_pages_are_neither_repeated_nor_hide_others() {
    let (harness, token, rooms) = with_rooms(6).await;
    let request = harness.http.get(harness.url("/rooms?max=3&sortBy=created"));
    let response = request.bearer_auth(&token).send().await.unwrap();
    let link = response.headers()["link"].to_str().unwrap().to_owned();
    let next = link[1..].split('>').next().unwrap().to_owned();
    for room in [&rooms[5], &rooms[3], &rooms[2]] {
        harness.delete(&format!("/rooms/{room}"), &token).await;
    }
    let request = harness.http.get(next).bearer_auth(&token);
    let second = Reply::of(request.send().await.unwrap()).await;
    assert_eq!(
        ids(&[second.body["items"].as_array().unwrap().clone()]),
        [rooms[1].clone(), rooms[0].clone()]
    );
}

/// A list that is sorted by what changes while it is read has no room twice, and ends.
#[tokio::test]
async fn rooms_that_become_active_between_two_pages_do_not_repeat() {
    let (harness, token, rooms) = with_rooms(9).await;
    let mut next = Some(harness.url("/rooms?max=2&sortBy=lastactivity"));
    let mut seen = Vec::new();
    while let Some(url) = next {
        assert!(seen.len() < 20, "the list does not end");
        let request = harness.http.get(&url).bearer_auth(&token);
        let response = request.send().await.unwrap();
        let link = response.headers().get("link").cloned();
        next = link.map(|link| {
            link.to_str().unwrap()[1..]
                .split('>')
                .next()
                .unwrap()
                .to_owned()
        });
        let reply = Reply::of(response).await;
        seen.extend(ids(&[reply.body["items"].as_array().unwrap().clone()]));
        for room in [&rooms[0], seen.last().unwrap()] {
            let body = json!({ "roomId": room, "text": "now" });
            harness.post("/messages", &token, body).await;
        }
    }
    let once: BTreeSet<_> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "{seen:?}");
}

#[tokio::test]
async fn messages_are_listed_newest_first_and_before_another_one() {
    let (harness, token, rooms) = with_rooms(1).await;
    let mut sent = Vec::new();
    for number in 0..60 {
        let body = json!({ "roomId": rooms[0], "text": format!("{number}") });
        sent.push(
            harness
                .post("/messages", &token, body)
                .await
                .text("id")
                .to_owned(),
        );
    }
    sent.reverse();
    let path = format!("/messages?roomId={}", rooms[0]);
    let all = pages(&harness, &token, &path).await;
    assert_eq!((all[0].len(), all.len()), (50, 2));
    assert_eq!(ids(&all), sent);
    let earlier = pages(
        &harness,
        &token,
        &format!("{path}&beforeMessage={}&max=20", sent[9]),
    )
    .await;
    assert_eq!(ids(&earlier), sent[10..]);
    let none = pages(
        &harness,
        &token,
        &format!("{path}&before=2016-04-21T19:01:55Z"),
    )
    .await;
    assert_eq!(ids(&none).len(), 0);
    let later = pages(
        &harness,
        &token,
        &format!("{path}&before=2999-01-01T00:00:00Z"),
    )
    .await;
    assert_eq!(ids(&later).len(), 60);
}

#[tokio::test]
async fn a_message_is_read_by_members_and_deleted_by_its_sender() {
    let (harness, alice, rooms) = with_rooms(1).await;
    let bob = harness.tokens(BOB, ALL).await.access;
    let body = json!({ "roomId": rooms[0], "text": "hello" });
    let path = format!(
        "/messages/{}",
        harness.post("/messages", &alice, body).await.text("id")
    );
    let missing = "Could not find a message";
    harness
        .get(&path, &bob)
        .await
        .assert_webex_error(404, missing);
    let invite = json!({ "roomId": rooms[0], "personEmail": BOB });
    harness.post("/memberships", &alice, invite).await;
    assert_eq!(harness.get(&path, &bob).await.text("text"), "hello");
    harness
        .delete(&path, &bob)
        .await
        .assert_webex_error(403, "your own messages");
    assert_eq!(
        harness.delete(&path, &alice).await.status,
        StatusCode::NO_CONTENT
    );
    harness
        .get(&path, &alice)
        .await
        .assert_webex_error(404, missing);
    harness
        .delete(&path, &alice)
        .await
        .assert_webex_error(404, missing);
    assert!(harness.provider().rooms()[0].messages.is_empty());
}

#[tokio::test]
async fn memberships_are_listed_read_and_deleted() {
    let (harness, alice, rooms) = with_rooms(2).await;
    let bob = harness.tokens(BOB, ALL).await.access;
    let invite = json!({ "roomId": rooms[0], "personEmail": BOB });
    let invited = harness.post("/memberships", &alice, invite).await;
    let of_room = format!("/memberships?roomId={}", rooms[0]);
    assert_eq!(
        ids(&pages(&harness, &bob, &format!("{of_room}&max=1")).await).len(),
        2
    );
    let only = pages(
        &harness,
        &alice,
        &format!("{of_room}&personEmail=BOB@example.com"),
    )
    .await;
    assert_eq!(ids(&only), [invited.text("id")]);
    let only = format!("{of_room}&personId={}", invited.text("personId"));
    assert_eq!(
        ids(&pages(&harness, &alice, &only).await),
        [invited.text("id")]
    );
    assert_eq!(ids(&pages(&harness, &alice, "/memberships").await).len(), 2);
    assert_eq!(
        ids(&pages(&harness, &bob, "/memberships").await),
        [invited.text("id")]
    );

    let path = format!("/memberships/{}", invited.text("id"));
    assert_eq!(harness.get(&path, &alice).await.text("personEmail"), BOB);
    assert_eq!(
        harness.delete(&path, &alice).await.status,
        StatusCode::NO_CONTENT
    );
    let missing = "Could not find a membership";
    harness
        .get(&path, &alice)
        .await
        .assert_webex_error(404, missing);
    harness
        .delete(&path, &alice)
        .await
        .assert_webex_error(404, missing);
    harness
        .get(&of_room, &bob)
        .await
        .assert_webex_error(404, "find a room");
    let own = pages(&harness, &alice, &of_room).await;
    let path = format!("/memberships/{}", ids(&own)[0]);
    assert_eq!(
        harness.delete(&path, &alice).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        harness.provider().rooms().len(),
        1,
        "a room without members is gone"
    );
}

#[tokio::test]
async fn a_direct_room_keeps_its_members_and_its_title() {
    let (harness, alice, _) = with_rooms(0).await;
    let message = json!({ "toPersonEmail": BOB, "text": "hello" });
    let room = harness
        .post("/messages", &alice, message)
        .await
        .text("roomId")
        .to_owned();
    let change = Some(json!({ "title": "Renamed" }));
    let path = format!("/rooms/{room}");
    let refused = harness.call(Method::PUT, &path, &alice, change).await;
    refused.assert_webex_error(400, "direct room");
    let members = pages(&harness, &alice, &format!("/memberships?roomId={room}")).await;
    for id in ids(&members) {
        let refused = harness.delete(&format!("/memberships/{id}"), &alice).await;
        refused.assert_webex_error(400, "direct room");
    }
}

#[tokio::test]
async fn a_room_is_renamed_and_locked() {
    let (harness, alice, rooms) = with_rooms(1).await;
    let bob = harness.tokens(BOB, ALL).await.access;
    let invite = json!({ "roomId": rooms[0], "personEmail": BOB });
    harness.post("/memberships", &alice, invite).await;
    let path = format!("/rooms/{}", rooms[0]);
    let put = |token: &str, body: Value| {
        let (path, token) = (path.clone(), token.to_owned());
        let harness = &harness;
        async move { harness.call(Method::PUT, &path, &token, Some(body)).await }
    };
    let renamed = put(&bob, json!({ "title": " Renamed " })).await;
    assert_eq!(
        (renamed.text("title"), &renamed.body["isLocked"]),
        ("Renamed", &json!(false))
    );
    let locked = put(&alice, json!({ "title": "Locked", "isLocked": true })).await;
    assert_eq!(locked.body["isLocked"], true);
    put(&bob, json!({ "title": "Mine" }))
        .await
        .assert_webex_error(403, "moderator");
    put(&alice, json!({ "isLocked": false }))
        .await
        .assert_webex_error(400, "title is missing");
    put(&alice, json!({ "title": "Open", "isLocked": false })).await;
    assert_eq!(
        put(&bob, json!({ "title": "Mine" })).await.status,
        StatusCode::OK
    );
    let missing = harness.call(
        Method::PUT,
        "/rooms/x",
        &alice,
        Some(json!({ "title": "x" })),
    );
    missing.await.assert_webex_error(404, "find a room");
}

#[tokio::test]
async fn people_are_found_by_email_name_and_id() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    let bob = harness.provider().person(BOB).unwrap().webex_id();
    let all = pages(&harness, &token, "/people?max=2").await;
    assert_eq!((all.len(), all[0].len()), (2, 2));
    assert_eq!(all[0][0]["displayName"], "Alice Anderson");
    for query in [
        "email=Bob@example.com".to_owned(),
        "displayName=bob".to_owned(),
        format!("id={bob},x"),
    ] {
        let found = pages(&harness, &token, &format!("/people?{query}")).await;
        assert_eq!(ids(&found), std::slice::from_ref(&bob), "{query}");
    }
}

/// Each of these the vendor offers, or a caller can misspell. Dropping one would answer
/// more, or do less, than was asked for.
#[tokio::test]
async fn parameters_and_fields_that_are_not_offered_are_refused_and_named() {
    let (harness, token, rooms) = with_rooms(1).await;
    let room = &rooms[0];
    for (path, name) in [
        ("/rooms?teamId=x".to_owned(), "teamId"),
        ("/rooms?orgPublicSpaces=true".to_owned(), "orgPublicSpaces"),
        ("/rooms?sortBy=title".to_owned(), "title"),
        ("/rooms?type=team".to_owned(), "team"),
        ("/rooms?max=0".to_owned(), "max"),
        ("/rooms?max=-1".to_owned(), "max"),
        ("/rooms?max=ten".to_owned(), "max"),
        ("/rooms?max=1&max=2".to_owned(), "max"),
        ("/rooms?cursor=%21".to_owned(), "cursor"),
        (format!("/rooms/{room}?x=1"), "x"),
        ("/people/me?callingData=true".to_owned(), "callingData"),
        ("/people?orgId=x".to_owned(), "orgId"),
        (format!("/messages?roomId={room}&parentId=x"), "parentId"),
        (
            format!("/messages?roomId={room}&mentionedPeople=me"),
            "mentionedPeople",
        ),
        (
            format!("/messages?roomId={room}&before=yesterday"),
            "before",
        ),
        ("/messages".to_owned(), "roomId"),
        (
            "/memberships?personEmail=bob@example.com".to_owned(),
            "roomId",
        ),
        ("/memberships?teamId=x".to_owned(), "teamId"),
        (format!("/authorizations?personEmail={ALICE}&max=1"), "max"),
    ] {
        harness
            .get(&path, &token)
            .await
            .assert_webex_error(400, name);
    }
    for (path, body, name) in [
        ("/rooms", json!({ "title": "x", "teamId": "x" }), "teamId"),
        (
            "/rooms",
            json!({ "title": "x", "isPublic": true, "description": "x" }),
            "isPublic",
        ),
        (
            "/messages",
            json!({ "roomId": room, "text": "x", "files": ["x"] }),
            "files",
        ),
        (
            "/messages",
            json!({ "roomId": room, "text": "x", "parentId": "x" }),
            "parentId",
        ),
        (
            "/messages",
            json!({ "roomId": room, "text": "x", "attachments": [] }),
            "attachments",
        ),
        (
            "/memberships",
            json!({ "roomId": room, "personEmail": BOB, "isMonitor": true }),
            "isMonitor",
        ),
    ] {
        harness
            .post(path, &token, body)
            .await
            .assert_webex_error(400, name);
    }
    assert_eq!(harness.provider().rooms().len(), 1);
    for (method, path) in [
        (Method::PUT, format!("/memberships/{room}")),
        (Method::PUT, format!("/messages/{room}")),
        (Method::POST, "/people".to_owned()),
    ] {
        let refused = harness.call(method, &path, &token, Some(json!({}))).await;
        refused.assert_webex_error(405, "not supported");
    }
    for path in ["/teams", "/webhooks", "/attachment/actions", "/people/x"] {
        harness
            .get(path, &token)
            .await
            .assert_webex_error(404, "could not be found");
    }
}

#[tokio::test]
async fn each_list_needs_its_scope() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, "spark:teams_read").await.access;
    for path in ["/rooms", "/memberships", "/messages?roomId=x", "/people"] {
        let refused = harness.get(path, &token).await;
        refused.assert_webex_error(403, "missing required scopes");
    }
}
