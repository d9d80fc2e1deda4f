//! A running application as people see it, whoever runs it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use url::Url;

use super::{Browser, Page, Upstream};

/// Where an application is reached, and the provider behind it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) upstream: Upstream,
    public: Url,
    addresses: Arc<[SocketAddr]>,
    pub(super) set_up_link: Option<Url>,
    visited: Arc<Mutex<Vec<Page>>>,
}

impl Site {
    pub(super) fn new(
        upstream: Upstream,
        public: Url,
        address: SocketAddr,
        set_up_link: Option<Url>,
    ) -> Self {
        Self {
            upstream,
            public,
            addresses: [address].into(),
            set_up_link,
            visited: Arc::default(),
        }
    }

    /// A browser without a cookie.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(
            self.public.clone(),
            self.addresses.clone(),
            self.visited.clone(),
        )
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// This application and others on its store, as they are seen behind a balancer
    /// that sends every request of a browser to the next one.
    pub(crate) fn balanced_with(&self, others: impl IntoIterator<Item = SocketAddr>) -> Self {
        let addresses = [self.address()].into_iter().chain(others);
        Self {
            addresses: addresses.collect(),
            ..self.clone()
        }
    }

    /// Everything that anybody was shown here, oldest first.
    pub(crate) fn visited(&self) -> Vec<Page> {
        self.visited.lock().unwrap().clone()
    }

    /// The set-up link, as a path of ours.
    pub(crate) fn set_up_path(&self) -> String {
        let link = self.set_up_link.as_ref().expect("a set-up link");
        format!("{}?{}", link.path(), link.query().unwrap())
    }

    /// Sets up the super admin of the configuration, who is signed in then.
    pub(crate) async fn super_admin(&self) -> Browser {
        let browser = self.browser();
        let page = browser.open(&self.set_up_path()).await;
        let page = browser.submit(page.form("/admin/initialize")).await;
        assert_eq!(page.heading(), "Tokens", "{page:?}");
        browser
    }
}
