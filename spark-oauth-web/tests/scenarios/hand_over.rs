//! Handing a token over in a room, and what goes wrong with it.

use reqwest::Method;
use serde_json::Value;
use webex_emulator::{Cut, Fault};

use crate::harness::{ALICE, Browser, Page, REQUESTER, Rig, Setup};

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
