//! A browser: cookies, redirects, forms, and the headers that tell who asks.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use url::{Url, form_urlencoded};

use super::jar::Jar;
use super::rig::install_crypto;
use super::{Form, Page};

const LONGEST_CHAIN: usize = 10;

/// A browser. Clones are other tabs: they share the cookies.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    http: Client,
    /// The address that people know.
    public: Url,
    /// Where that really leads: to each of these in turn.
    addresses: Arc<[SocketAddr]>,
    turn: Arc<AtomicUsize>,
    jar: Arc<Mutex<Jar>>,
    visited: Arc<Mutex<Vec<Page>>>,
}

/// A request in the making.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
    cookies: bool,
}

impl Ask {
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::try_from(name).unwrap();
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.append(name, value);
        self
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers
            .insert(CONTENT_TYPE, content_type.parse().unwrap());
        self.body = body.into();
        self
    }

    pub(crate) fn fields(self, fields: &[(&str, &str)]) -> Self {
        let body = encode(fields.iter().copied());
        self.body("application/x-www-form-urlencoded", body)
    }

    /// Without any cookie.
    pub(crate) fn bare(mut self) -> Self {
        self.cookies = false;
        self
    }
}

fn encode<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

impl Browser {
    pub(super) fn new(
        public: Url,
        addresses: Arc<[SocketAddr]>,
        visited: Arc<Mutex<Vec<Page>>>,
    ) -> Self {
        install_crypto();
        let http = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(Duration::from_mins(1))
            .build()
            .unwrap();
        Self {
            http,
            public,
            addresses,
            turn: Arc::default(),
            jar: Arc::default(),
            visited,
        }
    }

    /// The same browser, after the application moved to another address.
    pub(crate) fn moved_to(&self, address: SocketAddr) -> Self {
        Self {
            addresses: [address].into(),
            ..self.clone()
        }
    }

    /// A browser with a copy of the cookies as they are now.
    pub(crate) fn copied(&self) -> Self {
        Self {
            jar: Arc::new(Mutex::new(self.jar.lock().unwrap().clone())),
            ..self.clone()
        }
    }

    /// A request to one of our paths, or to an absolute address.
    pub(crate) fn ask(&self, method: Method, place: &str) -> Ask {
        Ask {
            method,
            url: self.public.join(place).unwrap(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            cookies: true,
        }
    }

    /// Sends a request just as it is, with the cookies, and follows nothing.
    pub(crate) async fn send(&self, ask: Ask) -> Page {
        self.transfer(ask).await.unwrap()
    }

    /// The same; `None` where the connection is cut before there is an answer.
    pub(crate) async fn try_send(&self, ask: Ask) -> Option<Page> {
        self.transfer(ask).await.ok()
    }

    /// One page; `None` where the connection is cut before there is an answer.
    pub(crate) async fn try_get(&self, place: &str) -> Option<Page> {
        self.try_send(self.ask(Method::GET, place)).await
    }

    async fn transfer(&self, ask: Ask) -> reqwest::Result<Page> {
        let Ask {
            method,
            url,
            headers,
            body,
            cookies,
        } = ask;
        let ours = url.origin() == self.public.origin();
        let mut wire = url.clone();
        let mut request = if ours {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let address = self.addresses[turn % self.addresses.len()];
            let (host, port) = (address.ip(), address.port());
            // Both stand, and the scheme has a host.
            let _ = wire.set_scheme("http");
            let _ = wire.set_ip_host(host);
            let _ = wire.set_port(Some(port));
            let named = &url[url::Position::BeforeHost..url::Position::AfterPort];
            let request = self.http.request(method.clone(), wire);
            if headers.contains_key(HOST) {
                request
            } else {
                request.header(HOST, named)
            }
        } else {
            self.http.request(method.clone(), wire)
        };
        let jar = self.jar.lock().unwrap().header(&url);
        if let Some(jar) = jar.filter(|_| cookies) {
            request = request.header(COOKIE, jar);
        }
        let answer = request.headers(headers).body(body).send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        if ours && cookies {
            self.jar.lock().unwrap().take(&url, &headers);
        }
        let page = Page {
            method,
            url,
            status,
            headers,
            body: answer.bytes().await?.to_vec(),
        };
        self.visited.lock().unwrap().push(page.clone());
        Ok(page)
    }

    /// One page, without following it anywhere.
    pub(crate) async fn get(&self, place: &str) -> Page {
        self.send(self.ask(Method::GET, place)).await
    }

    /// A form that stands on no page, from our own site.
    pub(crate) async fn post(&self, place: &str, fields: &[(&str, &str)]) -> Page {
        let ask = self.ask(Method::POST, place).fields(fields);
        self.send(ask.header("sec-fetch-site", "same-origin")).await
    }

    /// Types an address, and goes where it leads.
    pub(crate) async fn open(&self, place: &str) -> Page {
        let ask = self.ask(Method::GET, place);
        self.follow(ask.header("sec-fetch-site", "none")).await
    }

    /// Sends a form as the page has it, and goes where that leads.
    pub(crate) async fn submit(&self, form: Form) -> Page {
        self.follow(self.ask_form(&form)).await
    }

    /// Sends a form as the page has it, and follows nothing.
    pub(crate) async fn submit_only(&self, form: Form) -> Page {
        self.send(self.ask_form(&form)).await
    }

    pub(crate) fn ask_form(&self, form: &Form) -> Ask {
        let pairs = form.fields.iter().map(|(name, value)| (&**name, &**value));
        let encoded = encode(pairs);
        let mut url = form.action.clone();
        let site = relation(&form.page, &url);
        if form.method == Method::GET {
            url.set_query(Some(&encoded));
            let ask = self.ask(Method::GET, url.as_str());
            return ask.header("sec-fetch-site", site);
        }
        self.ask(Method::POST, url.as_str())
            .body("application/x-www-form-urlencoded", encoded)
            .header(ORIGIN.as_str(), form.page.origin().ascii_serialization())
            .header("sec-fetch-site", site)
    }

    async fn follow(&self, mut ask: Ask) -> Page {
        for _ in 0..LONGEST_CHAIN {
            let page = self.send(ask.clone()).await;
            if !page.status.is_redirection() {
                return page;
            }
            let next = page.url.join(page.location()).unwrap();
            let site = relation(&page.url, &next);
            ask = match page.status.as_u16() {
                307 | 308 => Ask { url: next, ..ask },
                _ => self.ask(Method::GET, next.as_str()),
            };
            ask.headers
                .insert("sec-fetch-site", HeaderValue::from_static(site));
        }
        panic!("redirected for ever: {ask:?}");
    }

    /// From the first page to the provider's.
    pub(crate) async fn ask_for_consent(&self) -> Page {
        let home = self.open("/").await;
        self.submit(home.form("/auth/spark")).await
    }

    /// Where the provider sends the browser when this person accepts: a callback
    /// that nobody has called yet.
    pub(crate) async fn callback(&self, email: &str) -> String {
        let asked = self.ask_for_consent().await;
        let accepted = asked.form("/v1/authorize").by_person(email);
        let sent = self.submit_only(accepted.press("decision", "accept"));
        sent.await.location().to_owned()
    }

    /// From the first page to the receipt.
    pub(crate) async fn grant(&self, email: &str) -> Page {
        let callback = self.callback(email).await;
        self.open(&callback).await
    }

    /// Signs in on the page for it.
    pub(crate) async fn sign_in(&self, username: &str, password: &str) -> Page {
        let page = self.open("/admin").await;
        let form = page.form("/admin/sign-in").set("username", username);
        self.submit(form.set("password", password)).await
    }

    /// The header `Cookie` that the browser sends, as it is now.
    pub(crate) fn cookies(&self) -> String {
        let jar = self.jar.lock().unwrap();
        jar.header(&self.public).unwrap_or_default()
    }

    /// The value of the session's cookie.
    pub(crate) fn session(&self) -> Option<String> {
        self.cookie("spark_oauth_session")
    }

    /// The value of the one cookie whose name begins like this.
    pub(crate) fn cookie_under(&self, prefix: &str) -> Option<String> {
        let cookies = self.cookies();
        let pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
        let mut found = pairs.filter(|(name, _)| name.starts_with(prefix));
        let (_, value) = found.next()?;
        assert!(
            found.next().is_none(),
            "one cookie under {prefix}: {cookies}"
        );
        Some(value.to_owned())
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let jar = self.jar.lock().unwrap();
        jar.find(name).map(|cookie| cookie.value().to_owned())
    }

    /// Makes a cookie up.
    pub(crate) fn put_cookie(&self, name: &str, value: &str) {
        let host = self.public.host_str().unwrap();
        self.jar.lock().unwrap().put(host, name, value);
    }
}

/// The value of `Sec-Fetch-Site`.
fn relation(from: &Url, to: &Url) -> &'static str {
    if from.origin() == to.origin() {
        "same-origin"
    } else if from.host() == to.host() {
        "same-site"
    } else {
        "cross-site"
    }
}
