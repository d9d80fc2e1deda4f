//! What holds for every template: no inline script or style, and all text escaped.

use std::fs;
use std::path::Path;

use askama::Template;

use super::{
    Audience, ErrorPage, FieldError, FormErrors, GrantedPage, HandOver, Layout, NextStep, Receipt,
    ScopeView, SignInPage, TimeView, TokenTexts,
};

/// Every template with its name.
fn templates() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut found = Vec::new();
    for folder in [folder.clone(), folder.join("icons")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                found.push((
                    path.display().to_string(),
                    fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    assert!(found.len() > 20, "the templates were not found");
    found
}

/// Names of the attributes of all tags in a text.
fn attributes(html: &str) -> Vec<&str> {
    html.split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag))
        .flat_map(|tag| tag.split_whitespace().skip(1))
        .filter_map(|word| word.split_once('=').map(|(name, _)| name))
        .collect()
}

fn receipt() -> Receipt {
    let time = TimeView::new(1_209_599_000, 0);
    Receipt {
        token: "01J".to_owned(),
        name: Some("<script>alert(1)</script>".to_owned()),
        email: "\"><img src=x>@example.org".to_owned(),
        scopes: ScopeView::list(["spark:all", "<b>odd</b>"]),
        access_expires: time.clone(),
        refreshable: true,
        refresh_expires: Some(time),
        revealed: None,
        back: None,
        hand_over: HandOver::Form {
            requester: "owner@example.org".to_owned(),
            room_name: "\" autofocus=\"".to_owned(),
            includes_refresh_token: false,
            errors: FormErrors::from(FieldError::new("roomName", "'<' does not help")),
        },
    }
}

fn granted(receipt: Receipt) -> String {
    let page = GrantedPage {
        layout: Layout::people("Granted"),
        receipts: vec![receipt],
    };
    page.render().unwrap()
}

#[test]
fn no_template_holds_an_inline_style_or_an_event_attribute() {
    for (name, text) in templates() {
        assert!(!text.contains("style="), "{name} holds a style attribute");
        assert!(!text.contains("<style"), "{name} holds a style element");
        assert!(!text.contains("javascript:"), "{name} holds a script URL");
        for attribute in attributes(&text) {
            assert!(!attribute.starts_with("on"), "{name} holds {attribute}");
        }
    }
}

#[test]
fn the_only_script_is_an_external_one() {
    for (name, text) in templates() {
        for (_, script) in text
            .match_indices("<script")
            .map(|(at, _)| text.split_at(at))
        {
            assert!(
                script.starts_with("<script src=\"{{ layout.script() }}\" defer></script>"),
                "{name} holds an inline script"
            );
        }
    }
}

#[test]
fn only_constant_attributes_leave_the_escaping() {
    for (name, text) in templates() {
        let unescaped = text.matches("|safe").count() + text.matches("| safe").count();
        let allowed = usize::from(name.ends_with("parts.html"));
        assert_eq!(unescaped, allowed, "{name} prints unescaped text");
    }
}

#[test]
fn names_addresses_and_typed_text_are_escaped() {
    let html = granted(receipt());
    assert!(html.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
    assert!(!html.contains("<script>"));
    assert!(!html.contains("<img"));
    assert!(!html.contains("<b>odd"));
    assert!(!html.contains("value=\"\" autofocus"));
    assert!(html.contains("&#39;&#60;&#39; does not help"));
}

#[test]
fn a_revealed_token_stands_unbroken_in_one_element_and_a_masked_one_nowhere() {
    let token = "x".repeat(8192);
    let texts = TokenTexts {
        access: token.clone().into(),
        refresh: Some("refresh-1".into()),
    };
    let html = granted(Receipt {
        revealed: Some(texts),
        ..receipt()
    });
    assert!(html.contains(&format!(">{token}</code>")));
    assert!(html.contains(">refresh-1</code>"));
    assert!(html.contains("Hide the tokens"));

    let html = granted(receipt());
    assert!(html.contains("action=\"/granted/reveal\""));
    assert!(!html.contains("secret__text"));
}

#[test]
fn a_view_with_tokens_does_not_print_them_when_debugged() {
    let texts = TokenTexts {
        access: "access-1".into(),
        refresh: Some("refresh-1".into()),
    };
    let printed = format!(
        "{:?}",
        Receipt {
            revealed: Some(texts),
            ..receipt()
        }
    );
    assert!(
        !printed.contains("access-1") && !printed.contains("refresh-1"),
        "{printed}"
    );
}

#[test]
fn an_error_stands_beside_its_field_and_in_the_summary() {
    let page = SignInPage {
        layout: Layout::signed_out("Sign in"),
        username: "root".to_owned(),
        next: Some("/admin/tokens?email=a&status=active".to_owned()),
        needs_set_up: false,
        errors: FormErrors::from(vec![
            FieldError::form("Username or password is wrong."),
            FieldError::new("password", "Enter the password."),
        ]),
    };
    let html = page.render().unwrap();
    assert!(html.contains("<title>Error: Sign in · spark-oauth</title>"));
    assert!(html.contains("role=\"alert\""));
    assert!(html.contains("<li>Username or password is wrong.</li>"));
    assert!(html.contains("<a href=\"#password\">Enter the password.</a>"));
    assert!(html.contains("aria-describedby=\"password-error\" aria-invalid=\"true\""));
    assert!(html.contains("id=\"password-error\""));
    assert!(html.contains("value=\"root\""));
    assert!(html.contains("value=\"/admin/tokens?email=a&#38;status=active\""));
    assert_eq!(html.matches("aria-invalid").count(), 1);
}

#[test]
fn every_usual_error_status_has_words_and_a_way_out() {
    for status in [400, 403, 404, 405, 408, 413, 418, 429, 500, 502, 503, 504] {
        for audience in [Audience::People, Audience::SignedOut] {
            let page = ErrorPage::for_status(audience, status).with_request_id("req-1");
            assert!(!page.next_steps.is_empty());
            let html = page.render().unwrap();
            assert!(html.contains(&format!("Error {status}")), "{status}");
            assert!(html.contains("req-1"));
        }
    }
    let page = ErrorPage::new(Audience::People, 403, "You declined", "Nothing was shared.")
        .with_step(NextStep::new("Start again", "/"))
        .with_tracking_id(Some("ROUTER_1".to_owned()));
    let html = page.render().unwrap();
    assert!(html.contains("ROUTER_1"));
    assert!(!html.contains("Request ID"));
}
