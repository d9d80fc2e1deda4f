//! What is looked at on every page.

use std::cell::RefCell;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::pictures::Pictures;
use crate::screen::{self, Scheme, Size};
use crate::{axe, console};

const STRUCTURE: &str = include_str!("structure.js");

/// Collects what is wrong with pages, so that one run names everything.
#[derive(Debug)]
pub(crate) struct Inspection<'a> {
    browser: &'a Browser,
    pictures: Option<Pictures>,
    problems: RefCell<Vec<String>>,
}

impl<'a> Inspection<'a> {
    pub(crate) fn new(browser: &'a Browser) -> Self {
        Self {
            browser,
            pictures: Pictures::asked_for(browser.scripts),
            problems: RefCell::default(),
        }
    }

    /// Looks at the page that the browser is at.
    pub(crate) async fn look(&self, page: &str) {
        let browser = self.browser;
        self.note(page, console::errors(browser).await);
        let is_ours = !page.starts_with("provider") || page == "provider-fault";
        self.note(page, structure(browser, is_ours).await);
        for scheme in [Scheme::Light, Scheme::Dark] {
            screen::set_scheme(browser, scheme).await;
            self.note(page, screen::wrong_ground(browser, scheme).await);
            self.note(page, axe::violations(browser).await);
            self.take_pictures(page, scheme).await;
        }
        for size in [Size::WIDE, Size::PHONE, Size::NARROW] {
            screen::set_size(browser, size).await;
            self.note(page, screen::overflow(browser, size).await);
        }
        screen::reset(browser).await;
    }

    async fn take_pictures(&self, page: &str, scheme: Scheme) {
        let Some(pictures) = &self.pictures else {
            return;
        };
        for size in [Size::WIDE, Size::PHONE] {
            screen::set_size(self.browser, size).await;
            pictures.take(self.browser, page, scheme, size).await;
        }
    }

    fn note(&self, page: &str, found: Vec<String>) {
        let found = found
            .into_iter()
            .map(|problem| format!("{page}: {problem}"));
        self.problems.borrow_mut().extend(found);
    }

    /// That nothing was wrong.
    pub(crate) fn assert_sound(self) {
        let problems = self.problems.into_inner();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}

pub(crate) async fn structure(browser: &Browser, is_ours: bool) -> Vec<String> {
    let answer = browser.driver.execute(STRUCTURE, [json!(is_ours)]).await;
    strings(answer.unwrap().json())
}

/// The strings of a list that a script answered.
pub(crate) fn strings(list: &Value) -> Vec<String> {
    serde_json::from_value(list.clone()).unwrap()
}
