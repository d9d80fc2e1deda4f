//! Handing a token over in a room, and what goes wrong with it.

use reqwest::Method;
use serde_json::Value;
use webex_emulator::{Cut, Fault};

use crate::harness::{ALICE, Browser, Page, REQUESTER, Rig, Setup, on_every_store};

on_every_store!(
    a_form_that_is_sent_twice_makes_one_room,
    a_browser_that_hangs_up_finds_the_room_on_its_receipt,
    a_room_whose_creation_was_interrupted_is_told_of,
);

const FORM: &str = "/actions/createAndJoinRoom";

async fn granted() -> (Rig, Browser, Page) {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let receipt = browser.grant(ALICE).await;
    (rig, browser, receipt)
}

async fn hand_over(browser: &Browser, receipt: &Page, name: &str) -> Page {
    browser
        .submit(receipt.form(FORM).set("roomName", name))
        .await
}

#[tokio::test]
async fn a_name_has_three_to_twenty_characters_after_trimming() {
    let (rig, browser, receipt) = granted().await;
    for wrong in ["", "ab", "  ab  ", "   ", &"a".repeat(21), &"ü".repeat(21)] {
        let page = hand_over(&browser, &receipt, wrong).await;
        assert_eq!(page.status, 422, "{page:?}");
        assert_eq!(page.all(".field__error").len(), 1, "{page:?}");
        assert_eq!(page.form(FORM).value("roomName"), Some(wrong));
    }
    assert!(rig.upstream.provider.rooms().is_empty());
    for right in ["abc", "  abc  ", &"ü".repeat(20), "🙂🙂🙂", "<b>&\"'"] {
        let page = hand_over(&browser, &receipt, right).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert_eq!(rig.upstream.provider.rooms()[0].room.title, right.trim());
        assert!(page.content().contains(right.trim()), "{page:?}");
        let asked = browser.submit(page.form("/actions/deleteRoom")).await;
        browser.submit(asked.form("/actions/deleteRoom")).await;
        assert!(rig.upstream.provider.rooms().is_empty());
    }
}

#[tokio::test]
async fn a_room_of_which_a_step_failed_is_removed_again() {
    for (call, words) in [
        ("POST /v1/rooms", "No room was created."),
        ("POST /v1/memberships", "The room was removed again."),
        ("POST /v1/messages", "The room was removed again."),
    ] {
        let (rig, browser, receipt) = granted().await;
        for fault in [
            Fault {
                status: Some(502),
                ..Fault::on(call)
            },
            Fault {
                drop: Some(Cut::Before),
                ..Fault::on(call)
            },
            Fault {
                status: Some(200),
                body: Some(b"<html>".to_vec()),
                ..Fault::on(call)
            },
        ] {
            rig.upstream.spoil(fault);
            let page = hand_over(&browser, &receipt, "A room").await;
            assert_eq!(page.status, 502, "{page:?}");
            assert!(page.notice().contains(words), "{call}: {page:?}");
            assert_eq!(page.form(FORM).value("roomName"), Some("A room"));
            assert!(rig.upstream.provider.rooms().is_empty(), "{call}");
            rig.log
                .line(&[page.request_id(), "a hand-over failed"])
                .await;
        }
        let page = hand_over(&browser, &receipt, "A room").await;
        assert!(page.notice().contains("The room is ready"), "{page:?}");
    }
}

#[tokio::test]
async fn a_room_that_cannot_be_removed_again_is_named() {
    let (rig, browser, receipt) = granted().await;
    rig.upstream.spoil(Fault {
        status: Some(500),
        ..Fault::on("POST /v1/messages")
    });
    rig.upstream.spoil(Fault {
        status: Some(500),
        ..Fault::on("DELETE /v1/rooms/{id}")
    });
    let page = hand_over(&browser, &receipt, "A room").await;
    assert_eq!(page.status, 502, "{page:?}");
    let rooms = rig.upstream.provider.rooms();
    assert!(page.notice().contains(&rooms[0].room.id), "{page:?}");
}

#[tokio::test]
async fn whoever_asks_is_handed_nothing_by_themselves() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let receipt = browser.grant(REQUESTER).await;
    assert!(receipt.forms(FORM).is_empty(), "{receipt:?}");
    assert!(receipt.content().contains("You are the one who asks"));
    let token = receipt
        .form("/granted/reveal")
        .value("token")
        .unwrap()
        .to_owned();
    let refused = browser
        .post(FORM, &[("token", &token), ("roomName", "A room")])
        .await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(rig.upstream.provider.rooms().is_empty());
}

#[tokio::test]
async fn a_room_that_is_gone_already_is_as_good_as_deleted() {
    let (rig, browser, receipt) = granted().await;
    let handed = hand_over(&browser, &receipt, "A room").await;
    let asked = browser.submit(handed.form("/actions/deleteRoom")).await;
    let other = asked.form("/actions/deleteRoom");
    browser.submit(other.clone()).await;
    let again = browser.submit(other).await;
    assert!(
        again.notice().contains("There is no room to delete"),
        "{again:?}"
    );

    let handed = hand_over(&browser, &again, "A room").await;
    let room = rig.upstream.provider.rooms()[0].room.id.clone();
    let revealed = browser.submit(handed.form("/granted/reveal")).await;
    let url = format!("{}/rooms/{room}", rig.upstream.base_url());
    let delete = browser.ask(Method::DELETE, &url);
    let bearer = format!("Bearer {}", revealed.secrets()[0]);
    assert_eq!(
        browser
            .send(delete.header("authorization", bearer))
            .await
            .status,
        204
    );
    let asked = browser.submit(handed.form("/actions/deleteRoom")).await;
    let deleted = browser.submit(asked.form("/actions/deleteRoom")).await;
    assert!(
        deleted.notice().contains("The room was deleted."),
        "{deleted:?}"
    );
}

#[tokio::test]
async fn nobody_acts_on_the_receipt_of_somebody_else() {
    let (rig, browser, receipt) = granted().await;
    let token = receipt.form(FORM).value("token").unwrap().to_owned();
    hand_over(&browser, &receipt, "A room").await;
    let stranger = rig.browser();
    stranger.grant("mallory@example.com").await;
    for action in [
        FORM,
        "/actions/deleteRoom",
        "/granted/reveal",
        "/granted/withdraw",
    ] {
        let fields = [
            ("token", &*token),
            ("roomName", "Another"),
            ("confirm", "yes"),
        ];
        for browser in [&stranger, &rig.browser()] {
            let page = browser.post(action, &fields).await;
            page.assert_error(404, "This session has no such receipt");
        }
    }
    assert_eq!(rig.upstream.provider.rooms().len(), 1);
}

#[tokio::test]
async fn the_refresh_token_goes_along_only_where_the_configuration_says_so() {
    let setup = Setup::default().set("handoff.includeRefreshToken", true);
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let receipt = browser.grant(ALICE).await;
    assert!(
        receipt.content().contains("access and refresh token"),
        "{receipt:?}"
    );
    let revealed = browser.submit(receipt.form("/granted/reveal")).await;
    hand_over(&browser, &receipt, "A room").await;
    let message = &rig.upstream.provider.rooms()[0].messages[0].text;
    let json: Value = serde_json::from_str(message).unwrap();
    assert_eq!(json["refresh_token"], revealed.secrets()[1]);
}

/// Both are sent before either is answered, to two processes on one store.
async fn a_form_that_is_sent_twice_makes_one_room(setup: Setup) {
    let rig = Rig::with(setup).await;
    let second = rig.second().await;
    let browser = rig.browser();
    let receipt = browser.grant(ALICE).await;
    let form = receipt.form(FORM).set("roomName", "A room");
    let mut held = rig.upstream.hold(Method::POST, "/v1/rooms");
    let send = |tab: Browser| {
        let form = form.clone();
        tokio::spawn(async move { tab.submit_only(form).await })
    };
    let first = send(browser.clone());
    held.arrived().await;
    let others = [
        send(browser.clone()),
        send(browser.moved_to(second.address)),
    ];
    let waiting = browser.open("/granted").await;
    assert!(
        waiting.content().contains("is being created"),
        "{waiting:?}"
    );
    held.release();
    first.await.unwrap().assert_redirect("/granted");
    for other in others {
        other.await.unwrap().assert_redirect("/granted");
    }
    // Once it is there, the form of a page that was open makes no other.
    let late = browser.submit(form).await;
    assert_eq!(rig.upstream.provider.rooms().len(), 1);
    let room = &rig.upstream.provider.rooms()[0].room;
    assert!(late.content().contains(&room.id), "{late:?}");
    // After it was deleted, another may be made.
    let asked = browser.submit(late.form("/actions/deleteRoom")).await;
    let receipt = browser.submit(asked.form("/actions/deleteRoom")).await;
    assert!(rig.upstream.provider.rooms().is_empty());
    hand_over(&browser, &receipt, "Another").await;
    assert_eq!(rig.upstream.provider.rooms().len(), 1);
    second.shut_down().await;
}

async fn a_browser_that_hangs_up_finds_the_room_on_its_receipt(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let receipt = browser.grant(ALICE).await;
    let form = receipt.form(FORM).set("roomName", "A room");
    let mut held = rig.upstream.hold(Method::POST, "/v1/rooms");
    let (tab, sent) = (browser.clone(), form.clone());
    let first = tokio::spawn(async move { tab.submit_only(sent).await });
    held.arrived().await;
    first.abort();
    held.release();
    let page = browser.submit(form).await;
    assert_eq!(rig.upstream.provider.rooms().len(), 1);
    let room = &rig.upstream.provider.rooms()[0].room;
    assert!(page.content().contains(&room.id), "{page:?}");
}

/// A process that is killed between the creation of the room and its record leaves a
/// receipt that says so, and can be tried again.
async fn a_room_whose_creation_was_interrupted_is_told_of(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let receipt = browser.grant(ALICE).await;
    let form = receipt.form(FORM).set("roomName", "A room");
    let mut held = rig.upstream.hold(Method::POST, "/v1/rooms");
    let (tab, sent) = (browser.clone(), form.clone());
    let first = tokio::spawn(async move { tab.submit_only(sent).await });
    held.arrived().await;
    rig.advance(std::time::Duration::from_mins(2));
    let page = browser.open("/granted").await;
    assert!(page.notice().contains("was interrupted"), "{page:?}");
    assert!(page.notice().contains("A room"), "{page:?}");
    let page = hand_over(&browser, &page, "Another").await;
    assert!(page.notice().contains("The room is ready"), "{page:?}");
    // The one that was late does not take the place of the room that the receipt names.
    held.release();
    let late = first.await.unwrap();
    assert_eq!(late.status, 409, "{late:?}");
    assert!(
        late.notice().contains("The room was deleted again."),
        "{late:?}"
    );
    let rooms = rig.upstream.provider.rooms();
    assert_eq!(rooms.len(), 1, "the late room is deleted again: {rooms:?}");
    assert_eq!(rooms[0].room.title, "Another");
    let page = browser.open("/granted").await;
    assert!(page.content().contains(&rooms[0].room.id), "{page:?}");
}
