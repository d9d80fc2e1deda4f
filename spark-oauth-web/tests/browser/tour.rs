//! The whole tour, as a person and two admins take it.

use crate::browser::{Browser, Scripts, in_browser};
use crate::site::{ALICE, PASSWORD, REQUESTER, SUPER_ADMIN, Setting, Site};

const HELPER: &str = "helper_1";
const HELPERS_PASSWORD: &str = "umbrella-fjord-19";

#[tokio::test]
async fn the_whole_tour_with_scripts() {
    in_browser(Scripts::On, async |browser| {
        take(browser, Setting::SamplePassword).await;
    })
    .await;
}

#[tokio::test]
async fn the_whole_tour_without_scripts() {
    in_browser(Scripts::Off, async |browser| {
        take(browser, Setting::Complete).await;
    })
    .await;
}

async fn take(browser: &Browser, setting: Setting) {
    let site = Site::start(setting).await;
    grant(browser, &site).await;
    let token = reveal_and_hide(browser).await;
    hand_over(browser, &site, &token).await;
    set_up(browser, &site, setting).await;
    sign_out(browser).await;
    sign_in(browser, SUPER_ADMIN, PASSWORD).await;
    search(browser).await;
    manage_the_token(browser, &site, &token).await;
    create_an_admin(browser).await;
    sign_out(browser).await;
    sign_in(browser, HELPER, HELPERS_PASSWORD).await;
    be_an_admin(browser, &site).await;
    site.shut_down().await;
}

/// From the first page to the receipt.
async fn grant(browser: &Browser, site: &Site) {
    browser.open(&site.url).await;
    browser.at("May they act for you in Webex?").await;
    browser.reads(REQUESTER).await;
    browser.reads("read the list of your rooms").await;
    browser.press("Grant access").await;
    browser.at("Grant access?").await;
    browser.press("Decline").await;
    browser.at("You declined").await;
    assert_eq!(site.provider().stats().code_exchanges, 0);

    browser.follow("Start again").await;
    browser.press("Grant access").await;
    browser.at("Grant access?").await;
    browser.choose("Alice").await;
    browser.press("Accept").await;
    browser.at("Access granted").await;
    browser.reads(ALICE).await;
    assert_eq!(browser.path().await, "/granted");
}

/// Answers the access token.
async fn reveal_and_hide(browser: &Browser) -> String {
    browser.press("Reveal").await;
    let token = browser.text_of("code[id^=access-token]").await;
    let refresh_token = browser.text_of("code[id^=refresh-token]").await;
    assert!(token.len() >= 64, "{token}");
    assert_ne!(token, refresh_token);
    browser.follow("Hide the tokens").await;
    browser.button("Reveal").await;
    let source = browser.source().await;
    assert!(!source.contains(&token) && !source.contains(&refresh_token));
    token
}

/// In a room, which is deleted again.
async fn hand_over(browser: &Browser, site: &Site, token: &str) {
    browser.fill("Name of the room", "ab").await;
    browser.press("Create room").await;
    browser.reads("There is a problem").await;
    let error = browser.error_of("Name of the room").await;
    assert!(error.contains('3') && error.contains("20"), "{error}");

    browser.fill("Name of the room", "Handing over").await;
    browser.press("Create room").await;
    browser.reads("The room is ready").await;
    let rooms = site.provider().rooms();
    assert_eq!(rooms.len(), 1);
    let members: Vec<_> = rooms[0]
        .members
        .iter()
        .map(|m| m.person_email.as_str())
        .collect();
    assert_eq!(members, [ALICE, REQUESTER]);
    let handed: serde_json::Value = serde_json::from_str(&rooms[0].messages[0].text).unwrap();
    assert_eq!(handed["access_token"], token);
    browser.reads(&rooms[0].room.id).await;

    browser.press("Delete the room").await;
    browser.at("Delete the room?").await;
    browser.follow("Cancel").await;
    assert_eq!(site.provider().rooms().len(), 1);
    browser.press("Delete the room").await;
    browser.at("Delete the room?").await;
    browser.press("Delete the room").await;
    browser.reads("The room was deleted").await;
    assert!(site.provider().rooms().is_empty());
}

/// Creates the super admin under the printed link.
pub(crate) async fn set_up(browser: &Browser, site: &Site, setting: Setting) {
    browser.open(site.at("/admin")).await;
    browser.at("Not set up yet").await;
    browser.open(&site.set_up_link).await;
    browser.at("Create the super admin").await;
    browser.reads(SUPER_ADMIN).await;
    if setting == Setting::SamplePassword {
        browser.fill("Password", "12345678").await;
        browser.fill("Password again", PASSWORD).await;
        browser.press("Create and sign in").await;
        browser.reads("There are problems").await;
        browser.error_of("Password").await;
        browser.error_of("Password again").await;
        browser.fill("Password", PASSWORD).await;
        browser.fill("Password again", PASSWORD).await;
    }
    browser.press("Create and sign in").await;
    browser
        .reads("The super admin is set up, and you are signed in")
        .await;
    browser.open(&site.set_up_link).await;
    browser.at("The super admin is set up already").await;
    browser.follow("Go to sign-in").await;
    browser.at("Tokens").await;
}

async fn sign_out(browser: &Browser) {
    browser.press("Sign out").await;
    browser.at("Sign in").await;
}

pub(crate) async fn sign_in(browser: &Browser, username: &str, password: &str) {
    browser.fill("Username", username).await;
    browser.fill("Password", password).await;
    browser.press("Sign in").await;
    browser.at("Tokens").await;
}

/// By part of the address, and by status; ends on the token's page.
async fn search(browser: &Browser) {
    browser.fill("E-mail contains", "nobody").await;
    browser.press("Search").await;
    browser.reads("No token matches").await;
    browser.fill("E-mail contains", "LICE@ex").await;
    browser.select("Status", "Revoked").await;
    browser.press("Search").await;
    browser.reads("No token matches").await;
    browser.select("Status", "Active").await;
    browser.press("Search").await;
    browser.reads(ALICE).await;
    browser.follow("Alice").await;
    browser.at("Alice Anderson").await;
}

/// Refresh, reveal, revoke, remove.
async fn manage_the_token(browser: &Browser, site: &Site, token: &str) {
    browser.press("Refresh now").await;
    browser.reads("The token was refreshed.").await;
    assert_eq!(site.provider().stats().refreshes, 1);

    browser.press("Reveal").await;
    let fresh = browser.text_of("#access-token").await;
    assert_ne!(fresh, token);
    browser.follow("Hide the tokens").await;
    browser.button("Reveal").await;
    assert!(!browser.source().await.contains(&fresh));

    browser.press("Revoke…").await;
    browser.at("Revoke this token?").await;
    browser.follow("Cancel").await;
    browser.at("Alice Anderson").await;
    assert_eq!(site.provider().stats().revocations, 0);
    browser.press("Revoke…").await;
    browser.press("Revoke the token").await;
    browser.reads("The token was revoked at Webex").await;
    assert_eq!(site.provider().stats().revocations, 1);

    browser.press("Remove…").await;
    browser.at("Remove this token?").await;
    browser.press("Remove the token").await;
    browser
        .reads("The token of alice@example.com was removed")
        .await;
    browser.reads("No tokens yet").await;
}

/// With mistakes first.
async fn create_an_admin(browser: &Browser) {
    browser.follow("Admins").await;
    browser.at("Admins").await;
    browser.fill("Username", "x").await;
    browser.fill("E-mail", "no address").await;
    browser.fill("Password", "short").await;
    browser.fill("Password again", "other").await;
    browser.press("Create admin").await;
    browser.reads("There are problems").await;
    for label in ["Username", "E-mail", "Password", "Password again"] {
        let error = browser.error_of(label).await;
        browser.follow(&error).await;
        let focused: String = browser.ask("return document.activeElement.id").await;
        let field = browser.field(label).await.attr("id").await.unwrap();
        assert_eq!(Some(focused), field, "the summary leads to {label}");
    }
    assert_eq!(
        browser
            .field("Username")
            .await
            .value()
            .await
            .unwrap()
            .as_deref(),
        Some("x")
    );
    assert_eq!(
        browser
            .field("Password")
            .await
            .value()
            .await
            .unwrap()
            .as_deref(),
        Some("")
    );

    browser.fill("Username", HELPER).await;
    browser.fill("E-mail", "helper@example.com").await;
    browser.fill("Password", HELPERS_PASSWORD).await;
    browser.fill("Password again", HELPERS_PASSWORD).await;
    browser.press("Create admin").await;
    browser.reads("The admin helper_1 was created").await;
}

/// Changes the own profile, and is refused what is the super admin's.
async fn be_an_admin(browser: &Browser, site: &Site) {
    browser.follow("Profile").await;
    browser.at("Profile").await;
    browser.fill("E-mail", "helper@example.org").await;
    browser.fill("Current password", "wrong-password").await;
    browser.press("Save changes").await;
    browser.reads("There is a problem").await;
    browser.error_of("Current password").await;
    browser.fill("New password", PASSWORD).await;
    browser.fill("New password again", PASSWORD).await;
    browser.fill("Current password", HELPERS_PASSWORD).await;
    browser.press("Save changes").await;
    browser.reads("Your profile was changed").await;

    browser.open(site.at("/admin/admins")).await;
    browser.at("Only the super admin may see this").await;
    browser.follow("Go to the tokens").await;
    browser.at("Tokens").await;
    sign_out(browser).await;
    browser.open(site.at("/admin/profile")).await;
    browser.at("Sign in").await;
    browser.fill("Username", HELPER).await;
    browser.fill("Password", PASSWORD).await;
    browser.press("Sign in").await;
    browser.at("Profile").await;
    sign_out(browser).await;
}
