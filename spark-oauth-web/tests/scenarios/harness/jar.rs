//! Cookies, kept and sent as a browser does it (RFC 6265bis).

use cookie::Cookie;
use reqwest::header::{HeaderMap, SET_COOKIE};
use url::Url;

/// The cookies of one browser. Ports do not tell hosts apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar(Vec<(String, Cookie<'static>)>);

impl Jar {
    /// Takes what an answer sets. What a browser would refuse is a failed test.
    pub(super) fn take(&mut self, url: &Url, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            let text = value.to_str().unwrap().to_owned();
            let cookie = Cookie::parse(text).unwrap();
            let secure = cookie.secure() == Some(true);
            assert!(!secure || url.scheme() == "https", "{url} set {cookie}");
            if cookie.name().starts_with("__Host-") {
                let at_root = cookie.path() == Some("/") && cookie.domain().is_none();
                assert!(secure && at_root, "{cookie}");
            }
            let host = url.host_str().unwrap();
            self.0
                .retain(|(at, kept)| at != host || kept.name() != cookie.name());
            let ended = cookie.max_age().is_some_and(|age| !age.is_positive());
            if !ended {
                self.0.push((host.to_owned(), cookie));
            }
        }
    }

    /// The header for a request, if there is anything to send.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        let host = url.host_str().unwrap();
        let pairs: Vec<_> = self
            .0
            .iter()
            .filter(|(at, _)| at == host)
            .map(|(_, cookie)| format!("{}={}", cookie.name(), cookie.value()))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The cookie whose name ends like this, whatever its prefix.
    pub(super) fn find(&self, name: &str) -> Option<Cookie<'static>> {
        let found = self.0.iter().find(|(_, c)| c.name().ends_with(name));
        found.map(|(_, cookie)| cookie.clone())
    }

    pub(super) fn put(&mut self, host: &str, name: &str, value: &str) {
        self.0
            .retain(|(at, kept)| at != host || kept.name() != name);
        let cookie = Cookie::new(name.to_owned(), value.to_owned());
        self.0.push((host.to_owned(), cookie));
    }
}
