//! Writes every page, in its usual and its extreme states, to a folder:
//! `cargo run -p spark-oauth-web --example gallery -- /tmp/gallery`, then open
//! `index.html` there. It shows how the pages look without a store or provider.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use askama::Template;
use spark_oauth_core::api_keys::{KeyScope, KeyState};
use spark_oauth_core::audit::{AuditAction, OutcomeKind};
use spark_oauth_core::consent_links::LinkState;
use spark_oauth_web::pages::audit_words::{action_words, reason_words};
use spark_oauth_web::pages::{
    AdminDetailPage, AdminListPage, AdminRow, Audience, AuditListPage, AuditRow, AuditSearch,
    ConfirmPage, ErrorPage, ExpiryChart, FieldError, Flash, FlashKind, FormErrors, GrantedPage,
    HandOver, HiddenField, HomePage, InvitationView, KeyCreatedPage, KeyDetailPage, KeyFormPage,
    KeyListPage, KeyRow, KeyStatus, LastError, Layout, LinkDetailPage, LinkFormPage, LinkListPage,
    LinkRow, LinkStatus, Navigation, NextStep, OverviewPage, PauseView, ProfilePage, Receipt, Role,
    RoomIds, ScopeChoice, ScopeView, Section, SetUpPage, SignInPage, TimeView, TokenDetailPage,
    TokenFilter, TokenListPage, TokenRow, TokenStatus, TokenTexts, WebhookTroubleView, assets,
};

/// 25 November 2026, 14:05 UTC.
const NOW: i64 = 1_795_615_500_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;

const REQUESTER: &str = "automation@example.org";
const LONG_ADDRESS: &str = "maximiliane.von-hohenstein-wittgenstein.project-office@\
    collaboration.infrastructure.subsidiary.example-holding-international.example";
const SCOPES: [&str; 6] = [
    "spark:people_read",
    "spark:rooms_read",
    "spark:rooms_write",
    "spark:memberships_write",
    "spark:messages_write",
    "spark:kms",
];

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or("name the folder to write the pages to")?;
    let mut gallery = Gallery {
        folder,
        names: Vec::new(),
    };
    for (url, content) in assets::all() {
        gallery.write(url.trim_start_matches('/'), content)?;
    }
    people(&mut gallery)?;
    overview(&mut gallery)?;
    entrance(&mut gallery)?;
    tokens(&mut gallery)?;
    keys(&mut gallery)?;
    audit(&mut gallery)?;
    links(&mut gallery)?;
    admins(&mut gallery)?;
    errors(&mut gallery)?;
    gallery.index()
}

/// The folder and what was written there.
struct Gallery {
    folder: PathBuf,
    names: Vec<String>,
}

impl Gallery {
    fn add(&mut self, name: &str, page: &impl Template) -> Outcome {
        // From disk, an absolute path would lead to the root of the file system.
        let html = page.render()?.replace("\"/assets/", "\"assets/");
        self.write(&format!("{name}.html"), &html)?;
        self.names.push(name.to_owned());
        Ok(())
    }

    fn write(&self, path: &str, content: &str) -> Outcome {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        Ok(fs::write(path, content)?)
    }

    fn index(&self) -> Outcome {
        let links: String = self.names.iter().fold(String::new(), |links, name| {
            links + &format!("<li><a href=\"{name}.html\">{name}</a></li>\n")
        });
        self.write(
            "index.html",
            &format!("<!doctype html><title>Gallery</title><ul>{links}</ul>"),
        )
    }
}

fn at(distance: i64) -> TimeView {
    TimeView::new(NOW + distance, NOW)
}

/// Many scopes, known and unknown ones.
fn forty_scopes() -> Vec<ScopeView> {
    let known = [
        "spark:all",
        "meeting:schedules_read",
        "meeting:recordings_write",
        "spark-admin:people_write",
        "spark-compliance:memberships_write",
    ];
    let numbered = (0..35).map(|n| format!("example-of-a-long-prefix:unknown_scope_{n}_read"));
    ScopeView::list(known.into_iter().map(str::to_owned).chain(numbered))
}

fn navigation(section: Section) -> Navigation {
    Navigation {
        admin: "root_admin".to_owned(),
        super_admin: true,
        section: Some(section),
        alert: None,
    }
}

fn overview(gallery: &mut Gallery) -> Outcome {
    let page = |days: [u64; 14], pause: Option<PauseView>, webhooks| OverviewPage {
        webhooks,
        layout: Layout::admin("Overview", navigation(Section::Overview)),
        active: days.iter().sum::<u64>() + 7,
        needs_consent: 12,
        revoked: 3,
        due: 4,
        oldest_due: Some(at(-2 * MINUTE)),
        parked: Vec::new(),
        pause,
        chart: ExpiryChart::draw(
            (0_i64..)
                .zip(days)
                .map(|(day, count)| (TimeView::day(NOW + day * DAY), count))
                .collect(),
        ),
    };
    let usual = [3, 12, 40, 7, 0, 25, 31, 18, 9, 22, 64, 51, 12, 5];
    gallery.add("overview", &page(usual, None, None))?;
    gallery.add("overview-empty", &page([0; 14], None, None))?;
    let pause = PauseView {
        text: "Webex refuses the integration. Compare client ID, client secret and redirect URI \
               of the configuration with the integration's page at Webex."
            .to_owned(),
        summary: "the provider refuses the integration (HTTP 401): invalid client".to_owned(),
        since: at(-3 * MINUTE),
        until: at(5 * MINUTE),
        tracking_id: Some("ROUTER_5F0A-01BB".to_owned()),
    };
    let many = [
        1_000_000, 1, 250_000, 0, 0, 0, 0, 999_999, 0, 0, 0, 0, 0, 1_000_000,
    ];
    let webhooks = WebhookTroubleView {
        suspended: true,
        waiting: 1_204,
        since: at(-DAY / 2),
        next_attempt: at(DAY / 2),
        reason: "The receiver answered 410 Gone: it wants no event any more".to_owned(),
    };
    gallery.add("overview-paused", &page(many, Some(pause), Some(webhooks)))
}

fn receipt(hand_over: HandOver) -> Receipt {
    Receipt {
        token: "01KAXQ3M9T".to_owned(),
        name: Some("Jana Beispiel".to_owned()),
        email: "jana@example.org".to_owned(),
        scopes: ScopeView::list(SCOPES),
        access_expires: at(1_209_599_000),
        refreshable: true,
        refresh_expires: Some(at(90 * DAY)),
        revealed: None,
        hand_over,
        back: None,
    }
}

fn links(gallery: &mut Gallery) -> Outcome {
    let row = |person: &str, state, days| LinkRow {
        href: "/admin/links/01KAXQ3M9T".to_owned(),
        person: person.to_owned(),
        status: LinkStatus(state),
        scopes: "6 permissions".to_owned(),
        created: at(-DAY),
        created_by: "nightly report".to_owned(),
        expires: at(days * DAY),
    };
    let layout = || Layout::admin("Consent links", navigation(Section::Links));
    let list = |rows| LinkListPage {
        layout: layout(),
        rows,
        first_page: None,
        next_page: Some("/admin/links?cursor=x".to_owned()),
    };
    gallery.add("links-empty", &list(Vec::new()))?;
    let rows = vec![
        row("jana@example.org", LinkState::Open, 6),
        row("whoever opens it", LinkState::Granted, 30),
        row(LONG_ADDRESS, LinkState::Declined, 2),
        row("ben@example.org", LinkState::Expired, -3),
    ];
    gallery.add("links", &list(rows))?;
    let choices = ScopeView::list(SCOPES).into_iter();
    let form = LinkFormPage {
        layout: layout(),
        expected_email: "jana".to_owned(),
        scopes: choices
            .map(|scope| ScopeChoice {
                scope,
                chosen: true,
            })
            .collect(),
        note: "For the weekly report.".to_owned(),
        expires_at: String::new(),
        single_use: true,
        return_to: Some("https://app.example.com/connected".to_owned()),
        errors: vec![FieldError::new(
            "expected_email",
            "An e-mail address has the form name@example.com.",
        )]
        .into(),
    };
    gallery.add("link-form", &form)?;
    let detail = |state, url: Option<String>, token| LinkDetailPage {
        layout: layout(),
        id: "01KAXQ3M9T".to_owned(),
        can_send: url.is_some(),
        url,
        expected_email: Some("jana@example.org".to_owned()),
        status: LinkStatus(state),
        answered: None,
        token,
        scopes: ScopeView::list(SCOPES),
        note: vec!["For the weekly report.".to_owned()],
        return_to: Some("https://app.example.com/connected".to_owned()),
        single_use: true,
        created: at(-DAY),
        created_by: "root".to_owned(),
        expires: at(6 * DAY),
        ended: (state != LinkState::Open).then(|| at(-MINUTE)),
    };
    let url = format!("https://tokens.example.org/consent/{}", "aB3_".repeat(14));
    gallery.add("link-open", &detail(LinkState::Open, Some(url), None))?;
    let token = Some((
        "jana@example.org".to_owned(),
        "/admin/tokens/01KAXQ3M9T".to_owned(),
    ));
    gallery.add("link-granted", &detail(LinkState::Granted, None, token))
}

fn invitation() -> InvitationView {
    InvitationView {
        text: "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCk".to_owned(),
        note: vec![
            "We move the weekly report to Webex, and it posts in your name.".to_owned(),
            "Questions? Ask me, or Ben.".to_owned(),
        ],
        expected_email: Some("jana@example.org".to_owned()),
        expires: at(7 * DAY),
        single_use: true,
        account: None,
    }
}

fn form(room_name: &str, errors: FormErrors) -> HandOver {
    HandOver::Form {
        requester: REQUESTER.to_owned(),
        room_name: room_name.to_owned(),
        includes_refresh_token: false,
        errors,
    }
}

fn done() -> HandOver {
    HandOver::Done {
        requester: REQUESTER.to_owned(),
        room_name: "Token for you".to_owned(),
        ids: RoomIds {
            room: "Y2lzY29zcGFyazovL3VzL1JPT00vYmJjZWIxYWQtNDNmMS0zYjU4LTkxNDctZjE0YmIwYzRkMTU0"
                .to_owned(),
            membership: "Y2lzY29zcGFyazovL3VzL01FTUJFUlNISVAvMGQwYzkxYjYtY2U2MC00NzI1LWI2ZDAtMzQ1\
                NWQ1ZDExZWYzOmNkZTFkZDQwLTJmMGQtMTFlNS1iYTljLTdiNjU1NmQyMjA3Yg"
                .to_owned(),
            message: "Y2lzY29zcGFyazovL3VzL01FU1NBR0UvOTJkYjNiZTAtNDNiZC0xMWU2LThhZTktZGQ1YjNkZmM\
                1NjVk"
                .to_owned(),
        },
    }
}

fn tokens_of(length: usize) -> TokenTexts {
    let text: String = "NzAwMGUyZDUtYjcxMS00YWM4LTg3ZDY"
        .chars()
        .cycle()
        .take(length)
        .collect();
    TokenTexts {
        access: text.clone().into(),
        refresh: Some(text.into()),
    }
}

fn people(gallery: &mut Gallery) -> Outcome {
    let home = HomePage {
        layout: Layout::people("Grant access"),
        requester: REQUESTER.to_owned(),
        scopes: ScopeView::list(SCOPES),
        placeholders: Vec::new(),
        has_receipts: false,
        invitation: None,
    };
    gallery.add("home", &home)?;
    let invited = HomePage {
        invitation: Some(invitation()),
        layout: Layout::people("Grant access"),
        requester: REQUESTER.to_owned(),
        scopes: ScopeView::list(SCOPES),
        placeholders: Vec::new(),
        has_receipts: false,
    };
    gallery.add("invitation", &invited)?;
    let switching = HomePage {
        invitation: Some(InvitationView {
            note: vec!["x".repeat(500)],
            expected_email: Some(LONG_ADDRESS.to_owned()),
            account: Some("choose"),
            ..invitation()
        }),
        ..invited
    };
    gallery.add("invitation-extreme", &switching)?;
    let extreme = HomePage {
        requester: LONG_ADDRESS.to_owned(),
        scopes: forty_scopes(),
        placeholders: vec!["oauth.clientID".to_owned(), "oauth.clientSecret".to_owned()],
        has_receipts: true,
        ..home
    };
    gallery.add("home-extreme", &extreme)?;

    let granted = |receipts, flash| GrantedPage {
        layout: Layout::people("Access granted").with_flash(flash),
        receipts,
    };
    let thanks = Flash::new(FlashKind::Success, "Thank you. Access is granted.");
    let ready = receipt(form("", FormErrors::none()));
    gallery.add("granted", &granted(vec![ready], Some(thanks)))?;
    gallery.add("granted-empty", &granted(Vec::new(), None))?;
    let wrong = FieldError::new("roomName", "Give the room a name of 3 to 20 characters.");
    gallery.add(
        "granted-error",
        &granted(vec![receipt(form("ab", wrong.into()))], None),
    )?;
    gallery.add("granted-handed-over", &granted(vec![receipt(done())], None))?;
    let shown = Receipt {
        revealed: Some(tokens_of(106)),
        ..receipt(form("", FormErrors::none()))
    };
    let sent_here = Receipt {
        back: Some(NextStep::new(
            "Back to app.example.com",
            "https://app.example.com/connected?spark_oauth=granted",
        )),
        ..receipt(form("", FormErrors::none()))
    };
    gallery.add("granted-with-way-back", &granted(vec![sent_here], None))?;
    gallery.add("granted-revealed", &granted(vec![shown], None))?;
    let long = Receipt {
        token: "01KAXQ3M9U".to_owned(),
        name: None,
        email: LONG_ADDRESS.to_owned(),
        scopes: forty_scopes(),
        revealed: Some(tokens_of(8192)),
        refreshable: true,
        refresh_expires: None,
        ..receipt(HandOver::Impossible(
            "You are the contact who asked, so there is nobody to hand it to. Services fetch the \
             token through the API."
                .to_owned(),
        ))
    };
    gallery.add(
        "granted-several",
        &granted(vec![long, receipt(done())], None),
    )?;
    let withdraw = ConfirmPage {
        layout: Layout::people("Withdraw access"),
        title: "Withdraw this access?".to_owned(),
        subject: Some("jana@example.org".to_owned()),
        consequences: vec![
            "Webex ends the access at once, where it allows that.".to_owned(),
            "The tokens are deleted here.".to_owned(),
            "Rooms and messages that were created stay.".to_owned(),
        ],
        action: "/granted/withdraw".to_owned(),
        hidden: vec![HiddenField::new("token", "01KAXQ3M9T")],
        button: "Withdraw access".to_owned(),
        is_destructive: true,
        cancel: "/granted".to_owned(),
    };
    gallery.add("withdraw", &withdraw)
}

fn entrance(gallery: &mut Gallery) -> Outcome {
    let sign_in = |username: &str, needs_set_up, errors| SignInPage {
        layout: Layout::signed_out("Sign in"),
        username: username.to_owned(),
        next: Some("/admin/tokens".to_owned()),
        needs_set_up,
        errors,
    };
    gallery.add("sign-in", &sign_in("", false, FormErrors::none()))?;
    let wrong = FieldError::form("Username or password is wrong. Check both and try again.");
    gallery.add("sign-in-error", &sign_in("root_admin", false, wrong.into()))?;
    gallery.add("sign-in-not-set-up", &sign_in("", true, FormErrors::none()))?;
    let set_up = |asks_password, errors| SetUpPage {
        layout: Layout::signed_out("Set-up"),
        code: "3f9a-sample".into(),
        username: "root_admin".to_owned(),
        email: "root@example.org".to_owned(),
        asks_password,
        errors,
    };
    gallery.add("set-up", &set_up(true, FormErrors::none()))?;
    let errors = vec![
        FieldError::new("password", "Too easily guessed. Add a few unusual words."),
        FieldError::new(
            "password_again",
            "The two passwords differ. Enter the same one twice.",
        ),
    ];
    gallery.add("set-up-error", &set_up(true, errors.into()))?;
    gallery.add("set-up-configured", &set_up(false, FormErrors::none()))
}

fn rows() -> Vec<TokenRow> {
    let row =
        |name: Option<&str>, email: &str, status, expires: Option<i64>, refreshed: Option<i64>| {
            TokenRow {
                href: "token.html".to_owned(),
                name: name.map(str::to_owned),
                email: email.to_owned(),
                status,
                expires: expires.map(at),
                refreshed: refreshed.map(at),
            }
        };
    let (active, again) = (TokenStatus::Active, TokenStatus::NeedsConsent);
    vec![
        row(
            Some("Jana Beispiel"),
            "jana@example.org",
            active,
            Some(13 * DAY),
            Some(-DAY),
        ),
        row(
            Some("Tomáš Novák"),
            "tomas.novak@example.org",
            active,
            Some(9 * DAY),
            None,
        ),
        row(None, "imported@example.org", active, None, None),
        row(
            Some("Aiko Tanaka"),
            "aiko@example.org",
            again,
            Some(-3 * DAY),
            Some(-17 * DAY),
        ),
        row(
            Some("Lee"),
            LONG_ADDRESS,
            active,
            Some(40 * MINUTE),
            Some(-5 * MINUTE),
        ),
        row(
            Some("Sam Okafor"),
            "sam@example.org",
            TokenStatus::Revoked,
            Some(-DAY),
            Some(-30 * DAY),
        ),
    ]
}

fn tokens(gallery: &mut Gallery) -> Outcome {
    let list = |filter: TokenFilter, rows, flash| TokenListPage {
        layout: Layout::admin("Tokens", navigation(Section::Tokens)).with_flash(flash),
        filter,
        rows,
        first_page: None,
        next_page: None,
    };
    let paged = TokenListPage {
        first_page: Some("/admin/tokens".to_owned()),
        next_page: Some("/admin/tokens?cursor=abc".to_owned()),
        ..list(TokenFilter::default(), rows(), None)
    };
    gallery.add("tokens", &paged)?;
    gallery.add(
        "tokens-empty",
        &list(TokenFilter::default(), Vec::new(), None),
    )?;
    let filter = TokenFilter {
        email: "nobody@".to_owned(),
        status: Some(TokenStatus::NeedsConsent),
    };
    gallery.add("tokens-no-match", &list(filter, Vec::new(), None))?;
    let removed = Flash::new(
        FlashKind::Success,
        "The token of jana@example.org was removed.",
    );
    let mut faulty = list(TokenFilter::default(), rows(), Some(removed));
    if let Audience::Admin(navigation) = &mut faulty.layout.audience {
        navigation.alert = Some(
            "Webex refuses the integration’s client secret. Refreshing is paused. Put the right \
             oauth.clientSecret into the configuration and start again."
                .to_owned(),
        );
    }
    gallery.add("tokens-alert", &faulty)?;
    token(gallery)
}

fn token(gallery: &mut Gallery) -> Outcome {
    let token = || TokenDetailPage {
        layout: Layout::admin("jana@example.org", navigation(Section::Tokens)),
        id: "01KAXQ3M9TB7Z5V8N2D4R6W1YC".to_owned(),
        name: Some("Jana Beispiel".to_owned()),
        email: "jana@example.org".to_owned(),
        email_lost: None,
        person_id: Some(
            "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY"
                .to_owned(),
        ),
        integration: "Cd7f2a64c0e5b8d913f6a70c24be918d53f0a6b7c8d9e0f1a2b3c4d5e6f708192".to_owned(),
        scopes: ScopeView::list(SCOPES),
        status: TokenStatus::Active,
        reason: None,
        since: None,
        access_expires: Some(at(13 * DAY)),
        refreshable: true,
        refresh_expires: Some(at(89 * DAY)),
        granted: Some(at(-70 * DAY)),
        refreshed: Some(at(-3 * MINUTE)),
        refreshed_by: Some("in the background"),
        next_refresh: Some(at(11 * DAY)),
        failures: 0,
        lost_races: 0,
        interrupted: 0,
        last_error: None,
        generation: 12,
        can_refresh: true,
        parked: None,
        renewal: None,
        revealed: None,
    };
    gallery.add("token", &token())?;
    gallery.add(
        "token-revealed",
        &TokenDetailPage {
            revealed: Some(tokens_of(106)),
            ..token()
        },
    )?;
    let trouble = TokenDetailPage {
        renewal: Some(format!("https://tokens.example.org/consent/{}", "aB3_".repeat(60))),
        name: None,
        email: LONG_ADDRESS.to_owned(),
        scopes: forty_scopes(),
        status: TokenStatus::NeedsConsent,
        reason: Some("Webex no longer accepts the refresh token. Ask the person to grant access again.".to_owned()),
        since: Some(at(-2 * DAY)),
        last_error: Some(LastError {
            text: "Webex answered 400: The refresh token provided is expired, revoked, malformed, or invalid.".to_owned(),
            at: at(-2 * DAY),
            tracking_id: Some("ROUTER_5F9A1C2E-01BB-4B5A-9D3E-0A2B3C4D5E6F".to_owned()),
        }),
        revealed: Some(tokens_of(8192)),
        ..token()
    };
    gallery.add("token-extreme", &trouble)?;
    let revoked = TokenDetailPage {
        status: TokenStatus::Revoked,
        reason: Some("An admin revoked it.".to_owned()),
        since: Some(at(-DAY)),
        can_refresh: false,
        parked: None,
        ..token()
    };
    gallery.add("token-revoked", &revoked)?;
    let remove = ConfirmPage {
        layout: Layout::admin("Remove token", navigation(Section::Tokens)),
        title: "Remove this token?".to_owned(),
        subject: Some(LONG_ADDRESS.to_owned()),
        consequences: vec![
            "The record and both tokens are deleted. This cannot be undone.".to_owned(),
            "Services get no more access for this person until they consent again.".to_owned(),
        ],
        action: "/admin/tokens/01KAXQ3M9TB7Z5V8N2D4R6W1YC/remove".to_owned(),
        hidden: Vec::new(),
        button: "Remove token".to_owned(),
        is_destructive: true,
        cancel: "/admin/tokens/01KAXQ3M9TB7Z5V8N2D4R6W1YC".to_owned(),
    };
    gallery.add("token-remove", &remove)
}

fn key_rows() -> Vec<KeyRow> {
    let row = |name: &str, state, scopes: &[KeyScope], reach: &str, ends: Option<i64>| KeyRow {
        href: "key.html".to_owned(),
        name: name.to_owned(),
        status: KeyStatus(state),
        scopes: scopes.iter().copied().map(ScopeView::from).collect(),
        reach: reach.to_owned(),
        created: at(-40 * DAY),
        created_by: "root_admin".to_owned(),
        expires: ends.map(at),
        last_used: ends.map(|_| at(-3 * MINUTE)),
    };
    let use_only = &[KeyScope::TokensUse];
    vec![
        row(
            "nightly report",
            KeyState::Active,
            use_only,
            "everybody",
            Some(50 * DAY),
        ),
        row(
            "a name of sixty-four characters, as long as a name may ever be..",
            KeyState::Active,
            &KeyScope::ALL,
            "jana@example.org, everybody at subsidiary.example-holding.example and 12 more",
            None,
        ),
        row(
            "old importer",
            KeyState::Expired,
            use_only,
            "jana@example.org",
            Some(-2 * DAY),
        ),
        row(
            "leaked",
            KeyState::Revoked,
            use_only,
            "everybody",
            Some(9 * DAY),
        ),
    ]
}

fn keys(gallery: &mut Gallery) -> Outcome {
    let list = |rows, next_page: Option<&str>| KeyListPage {
        layout: Layout::admin("API keys", navigation(Section::Keys)),
        rows,
        first_page: None,
        next_page: next_page.map(str::to_owned),
    };
    gallery.add("keys", &list(key_rows(), Some("/admin/keys?cursor=abc")))?;
    gallery.add("keys-empty", &list(Vec::new(), None))?;
    let form = |name: &str, chosen: &[KeyScope], errors| KeyFormPage {
        layout: Layout::admin("Create an API key", navigation(Section::Keys)),
        key_name: name.to_owned(),
        scopes: KeyScope::ALL
            .map(|scope| ScopeChoice {
                scope: scope.into(),
                chosen: chosen.contains(&scope),
            })
            .into(),
        emails: String::new(),
        domains: "example.org\nno domain".to_owned(),
        expires_at: "90d".to_owned(),
        requests_per_minute: String::new(),
        errors,
    };
    gallery.add("key-form", &form("", &[], FormErrors::none()))?;
    let errors = vec![
        FieldError::new("scope", "Choose at least one scope."),
        FieldError::new("domains", "“no”: a domain is what stands behind the @."),
    ];
    gallery.add("key-form-error", &form("report", &[], errors.into()))?;
    let created = KeyCreatedPage {
        layout: Layout::admin("Your new API key", navigation(Section::Keys)),
        name: "nightly report".to_owned(),
        secret: format!("spoa_{}", "5f0a".repeat(18)).into(),
        scopes: vec![KeyScope::TokensUse.into()],
        href: "key.html".to_owned(),
    };
    gallery.add("key-created", &created)?;
    let key = |state, revoked: Option<i64>| KeyDetailPage {
        layout: Layout::admin("nightly report", navigation(Section::Keys)),
        id: "01KAXQ3M9TB7Z5V8N2D4R6W1YC".to_owned(),
        name: "nightly report".to_owned(),
        status: KeyStatus(state),
        scopes: vec![KeyScope::TokensRead.into(), KeyScope::TokensUse.into()],
        emails: vec![LONG_ADDRESS.to_owned(), "jana@example.org".to_owned()],
        domains: vec!["example.com".to_owned()],
        requests_per_minute: Some("60".to_owned()),
        created: at(-40 * DAY),
        created_by: "root_admin".to_owned(),
        expires: Some(at(50 * DAY)),
        last_used: Some(at(-3 * MINUTE)),
        revoked: revoked.map(at),
    };
    gallery.add("key", &key(KeyState::Active, None))?;
    gallery.add("key-revoked", &key(KeyState::Revoked, Some(-DAY)))
}

fn audit_rows() -> Vec<AuditRow> {
    let row =
        |action, subject: Option<&str>, actor: &str, kind, ago: i64, outcome, reason| AuditRow {
            action: action_words(action),
            subject: subject.map(str::to_owned),
            token: (action == AuditAction::TokenRevealed).then(|| "token.html".to_owned()),
            key: (action == AuditAction::ApiKeyRevoked).then(|| "key.html".to_owned()),
            actor_key: (kind == "API key").then(|| "key.html".to_owned()),
            actor: actor.to_owned(),
            actor_kind: kind,
            at: at(-ago),
            address: (kind != "at the command line")
                .then(|| "2001:db8:85a3::8a2e:370:7334".to_owned()),
            request_id: (kind != "at the command line")
                .then(|| "01KAXQ6B2M5T8X0Z3C7F9H1KNP".to_owned()),
            count: if kind == "API key" { 40 } else { 1 },
            last_request_id: (kind == "API key").then(|| "01KAXQ6BZX7Y2N4R6W8A1C3E5G".to_owned()),
            outcome,
            reason: Option::<&str>::map(reason, reason_words),
        };
    let (done, refused) = (OutcomeKind::Done, OutcomeKind::Refused);
    let jana = Some("jana@example.org");
    vec![
        row(
            AuditAction::TokenRevealed,
            jana,
            "root_admin",
            "admin",
            MINUTE,
            done,
            None,
        ),
        row(
            AuditAction::SignIn,
            None,
            "root_admin",
            "not signed in",
            3 * MINUTE,
            refused,
            Some("wrong_username_or_password"),
        ),
        row(
            AuditAction::TokenCheckedOut,
            Some(LONG_ADDRESS),
            "a name of sixty-four characters, as long as a name may ever be..",
            "API key",
            DAY,
            refused,
            Some("needs_consent"),
        ),
        row(
            AuditAction::TokenRefreshed,
            jana,
            "root_admin",
            "admin",
            2 * DAY,
            OutcomeKind::Failed,
            Some("provider"),
        ),
        row(
            AuditAction::ApiKeyRevoked,
            Some("nightly report"),
            "root_admin",
            "admin",
            3 * DAY,
            done,
            None,
        ),
        row(
            AuditAction::PasswordReset,
            Some("jana"),
            "The operator",
            "at the command line",
            9 * DAY,
            done,
            None,
        ),
    ]
}

fn audit(gallery: &mut Gallery) -> Outcome {
    let list = |filter, rows, errors, next_page: Option<&str>| AuditListPage {
        layout: Layout::admin("Audit log", navigation(Section::Audit)),
        keep_days: Some(365),
        filter,
        errors,
        rows,
        first_page: None,
        next_page: next_page.map(str::to_owned),
    };
    let next = Some("/admin/audit?cursor=abc");
    gallery.add(
        "audit",
        &list(
            AuditSearch::default(),
            audit_rows(),
            FormErrors::none(),
            next,
        ),
    )?;
    let search = |from: &str| AuditSearch {
        actor: "nobody".to_owned(),
        action: "sign_in".to_owned(),
        from: from.to_owned(),
        ..AuditSearch::default()
    };
    gallery.add(
        "audit-no-match",
        &list(search("2026-11-25"), Vec::new(), FormErrors::none(), None),
    )?;
    let errors = FieldError::new(
        "token",
        "Write the record of a token, as its page shows it.",
    );
    gallery.add(
        "audit-error",
        &list(search(""), Vec::new(), errors.into(), None),
    )
}

fn admins(gallery: &mut Gallery) -> Outcome {
    let row = |username: &str, email: &str, role, is_you| AdminRow {
        href: "admin.html".to_owned(),
        username: username.to_owned(),
        email: email.to_owned(),
        role,
        created: at(-40 * DAY),
        is_you,
    };
    let list = |rows, username: &str, email: &str, errors| AdminListPage {
        first_page: None,
        next_page: None,
        layout: Layout::admin("Admins", navigation(Section::Admins)),
        rows,
        username: username.to_owned(),
        email: email.to_owned(),
        errors,
    };
    let root = row("root_admin", "root@example.org", Role::SuperAdmin, true);
    gallery.add(
        "admins-alone",
        &list(vec![root.clone()], "", "", FormErrors::none()),
    )?;
    let rows = vec![
        root,
        row("jana", "jana@example.org", Role::Admin, false),
        row("a_username_of_twenty", LONG_ADDRESS, Role::Admin, false),
    ];
    gallery.add("admins", &list(rows.clone(), "", "", FormErrors::none()))?;
    let errors = vec![
        FieldError::new("username", "“Jana” is taken. Choose another username."),
        FieldError::new("email", "Enter an address like name@example.org."),
    ];
    gallery.add("admins-error", &list(rows, "Jana", "jana", errors.into()))?;

    let admin = |role, errors| AdminDetailPage {
        layout: Layout::admin("jana", navigation(Section::Admins)),
        id: "01KAXQ3M9TB7Z5V8N2D4R6W1YC".to_owned(),
        name: "jana".to_owned(),
        role,
        created: at(-40 * DAY),
        username: "jana".to_owned(),
        email: "jana@example.org".to_owned(),
        errors,
    };
    gallery.add("admin", &admin(Role::Admin, FormErrors::none()))?;
    gallery.add("admin-super", &admin(Role::SuperAdmin, FormErrors::none()))?;
    let errors = FieldError::new("password", "Enter at least 8 characters.");
    gallery.add("admin-error", &admin(Role::Admin, errors.into()))?;
    profile(gallery)
}

fn profile(gallery: &mut Gallery) -> Outcome {
    let profile = |errors| ProfilePage {
        layout: Layout::admin("Profile", navigation(Section::Profile)),
        username: "root_admin".to_owned(),
        email: "root@example.org".to_owned(),
        errors,
    };
    gallery.add("profile", &profile(FormErrors::none()))?;
    let errors = vec![
        FieldError::new(
            "password_again",
            "The two passwords differ. Enter the same one twice.",
        ),
        FieldError::new("current_password", "That is not your current password."),
    ];
    gallery.add("profile-error", &profile(errors.into()))
}

fn errors(gallery: &mut Gallery) -> Outcome {
    let request_id = "01KAXQ6B2M5T8X0Z3C7F9H1KNP";
    for status in [404, 403, 429, 500, 503] {
        let page = ErrorPage::for_status(Audience::People, status).with_request_id(request_id);
        gallery.add(&format!("error-{status}"), &page)?;
    }
    let admin = Audience::Admin(Navigation {
        section: None,
        ..navigation(Section::Tokens)
    });
    let page = ErrorPage::for_status(admin, 502)
        .with_request_id(request_id)
        .with_tracking_id(Some(
            "ROUTER_5F9A1C2E-01BB-4B5A-9D3E-0A2B3C4D5E6F".to_owned(),
        ));
    gallery.add("error-admin", &page)?;
    let declined = ErrorPage::new(
        Audience::People,
        403,
        "You declined",
        "Nothing was shared. If that was a mistake, you can start again at any time.",
    )
    .with_step(NextStep::new("Start again", "/"));
    gallery.add("error-declined", &declined)
}
