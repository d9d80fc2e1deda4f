//! Asking a person by a consent link, and taking a link back, on a desk and on a phone.

use url::Url;

use crate::browser::{Browser, Scripts, in_browser};
use crate::console;
use crate::screen::{Size, overflow, reset, set_size};
use crate::site::{ALICE, RETURN_TO, Setting, Site};
use crate::tour::set_up;

const QUESTION: &str = "May they act for you in Webex?";
const NOTE: &str = "We move the weekly report to Webex.";

#[tokio::test]
async fn a_person_is_asked_by_a_link_on_a_desk() {
    in_browser(Scripts::On, async |browser| {
        ask_and_take_back(browser, Size::WIDE).await;
    })
    .await;
}

#[tokio::test]
async fn a_person_is_asked_by_a_link_on_a_phone_without_scripts() {
    in_browser(Scripts::Off, async |browser| {
        ask_and_take_back(browser, Size::PHONE).await;
    })
    .await;
}

async fn ask_and_take_back(browser: &Browser, screen: Size) {
    let site = Site::start(Setting::Complete).await;
    set_size(browser, screen).await;
    set_up(browser, &site, Setting::Complete).await;
    let walk = Walk {
        browser,
        site: &site,
        screen,
    };
    browser.follow("Links").await;
    browser.reads("No consent links yet").await;
    let link = walk.make().await;
    walk.another_person_is_refused(&link).await;
    walk.the_person_consents(&link).await;
    walk.the_admin_sees_what_came_of_it().await;
    let link = walk.make().await;
    walk.the_admin_takes_it_back(&link).await;
    reset(browser).await;
    site.shut_down().await;
}

struct Walk<'a> {
    browser: &'a Browser,
    site: &'a Site,
    screen: Size,
}

impl Walk<'_> {
    /// Waits for a page, which must fit the screen and leave the console quiet.
    async fn at(&self, heading: &str) {
        self.browser.at(heading).await;
        assert_eq!(
            overflow(self.browser, self.screen).await,
            Vec::<String>::new(),
            "{heading}"
        );
        assert_eq!(
            console::errors(self.browser).await,
            Vec::<String>::new(),
            "{heading}"
        );
    }

    /// A link for Alice from the list of links, with a mistake first; answers its
    /// address.
    async fn make(&self) -> Url {
        let browser = self.browser;
        browser.follow("Make a link").await;
        self.at("Make a consent link").await;
        browser.fill("Who is asked", "alice").await;
        browser.fill("Note", NOTE).await;
        browser.press("Make the link").await;
        browser.reads("There is a problem").await;
        let error = browser.error_of("Who is asked").await;
        assert!(error.contains('@'), "{error}");
        let note = browser.field("Note").await.value().await.unwrap();
        assert_eq!(note.as_deref(), Some(NOTE));
        browser.fill("Who is asked", ALICE).await;
        browser.fill("Where to go afterwards", RETURN_TO).await;
        // It is ticked from the start.
        assert!(self.is_single_use().await);
        browser.press("Make the link").await;
        self.at(ALICE).await;
        browser.reads("The link is made").await;
        browser.reads(NOTE).await;
        browser.reads("or with the first consent").await;
        browser.button("End this link").await;
        let link = browser.text_of("#consent-link").await;
        if browser.scripts == Scripts::On {
            browser.press("Copy").await;
            browser.reads("Copied").await;
        }
        link.parse().unwrap()
    }

    async fn is_single_use(&self) -> bool {
        let ticked = "return document.querySelector('[name=single_use]').checked";
        self.browser.ask(ticked).await
    }

    /// From the link to the provider's page.
    async fn open(&self, link: &Url) {
        let browser = self.browser;
        browser.open(link).await;
        self.at(QUESTION).await;
        browser.reads(NOTE).await;
        browser.reads(ALICE).await;
        browser.reads("or until it was used once").await;
        browser.press("Grant access").await;
        browser.at("Grant access?").await;
    }

    async fn another_person_is_refused(&self, link: &Url) {
        let browser = self.browser;
        self.open(link).await;
        browser.choose("Bob").await;
        browser.press("Accept").await;
        self.at("Somebody else was asked").await;
        browser.reads("a•••@example.com was asked").await;
        browser.reads("at Webex you are bob@example.com").await;
        assert!(!browser.source().await.contains(ALICE));
        assert_eq!(self.site.provider().stats().revocations, 1);
        browser.follow("Use another account").await;
        self.at(QUESTION).await;
        browser.reads("Webex asks which account to use").await;
    }

    async fn the_person_consents(&self, link: &Url) {
        let browser = self.browser;
        browser.press("Grant access").await;
        browser.at("Grant access?").await;
        browser.choose("Alice").await;
        browser.press("Accept").await;
        self.at("Access granted").await;
        browser.reads(ALICE).await;
        let back = browser.href_of("Back to app.example.com").await;
        assert_eq!(back, format!("{RETURN_TO}?spark_oauth=granted"));
        browser.open(link).await;
        self.at("This link was used").await;
    }

    async fn the_admin_sees_what_came_of_it(&self) {
        let browser = self.browser;
        browser.open(self.site.at("/admin/links")).await;
        self.at("Consent links").await;
        browser.reads("Granted").await;
        browser.follow(ALICE).await;
        self.at(ALICE).await;
        browser.reads("Nobody can consent under it any more").await;
        assert!(!browser.source().await.contains("End this link"));
        browser.follow("The token of alice@example.com").await;
        self.at("Alice Anderson").await;
        browser.follow("Links").await;
        self.at("Consent links").await;
    }

    /// While Alice reads the provider's page.
    async fn the_admin_takes_it_back(&self, link: &Url) {
        let browser = self.browser;
        let detail = browser.driver.current_url().await.unwrap();
        let exchanges = self.site.provider().stats().code_exchanges;
        self.open(link).await;
        let asked = browser.driver.current_url().await.unwrap();
        browser.open(&detail).await;
        browser.press("End this link").await;
        self.at("End this link?").await;
        browser.reads(ALICE).await;
        browser.follow("Cancel").await;
        self.at(ALICE).await;
        browser.reads("Open").await;
        browser.press("End this link").await;
        browser.press("End the link").await;
        browser.reads("The link has ended").await;
        self.at(ALICE).await;
        browser.reads("Expired").await;
        browser.reads("Nobody can consent under it any more").await;
        assert!(!browser.source().await.contains("End this link"));

        browser.open(&asked).await;
        browser.choose("Alice").await;
        browser.press("Accept").await;
        self.at("This link has expired").await;
        browser.open(link).await;
        self.at("This link has expired").await;
        assert_eq!(self.site.provider().stats().code_exchanges, exchanges);
    }
}
