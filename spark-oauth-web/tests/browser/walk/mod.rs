//! Every page, one after the other, for whoever looks at it.

mod admin_centre;
mod admins;
mod audit;
mod keys;
mod links;
mod people;
mod trouble;

use std::time::Duration;

use crate::browser::Browser;
use crate::site::{Setting, Site};

/// A walk through every page.
pub(crate) struct Walk<'a, L> {
    browser: &'a Browser,
    site: &'a Site,
    look: L,
}

/// Shows every page under a name of its own.
pub(crate) async fn every_page(browser: &Browser, look: impl AsyncFn(&str)) {
    let site = Site::start(Setting::SamplePassword).await;
    let walk = Walk {
        browser,
        site: &site,
        look,
    };
    walk.people().await;
    walk.not_finished().await;
    site.pass(Duration::from_hours(51));
    walk.set_up().await;
    walk.tokens().await;
    walk.keys().await;
    walk.links().await;
    walk.audit().await;
    walk.admins().await;
    walk.trouble().await;
    site.shut_down().await;
}

impl<L: AsyncFn(&str)> Walk<'_, L> {
    /// Looks at a page as soon as it is there.
    async fn page(&self, name: &str, heading: &str) {
        self.browser.at(heading).await;
        (self.look)(name).await;
    }

    async fn open(&self, path: &str) {
        self.browser.open(self.site.at(path)).await;
    }
}
