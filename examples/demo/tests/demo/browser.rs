//! As much of a browser as the pages need: cookies, links and forms, one step at a time.

use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use url::Url;

/// The password of the super admin.
pub(crate) const PASSWORD: &str = "correct-horse-battery-staple";

/// A browser without scripts.
pub(crate) struct Browser {
    client: Client,
}

/// What a browser shows.
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .cookie_store(true)
            .redirect(redirect::Policy::none())
            .build()
            .unwrap();
        Self { client }
    }

    pub(crate) async fn open(&self, url: &str) -> Page {
        self.follow(url.parse().unwrap(), self.client.get(url))
            .await
    }

    /// Sends a form; `action` is relative to the page.
    pub(crate) async fn submit(&self, from: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let url = from.url.join(action).unwrap();
        let request = self
            .client
            .post(url.clone())
            .form(fields)
            .header("origin", origin(&from.url));
        self.follow(url, request).await
    }

    /// Goes where it is sent, but never further than five times, and only to this machine.
    async fn follow(&self, mut url: Url, mut request: RequestBuilder) -> Page {
        for _ in 0..5 {
            let response = request.send().await.unwrap();
            if !response.status().is_redirection() {
                let status = response.status();
                return Page {
                    url,
                    status,
                    text: response.text().await.unwrap(),
                };
            }
            let next = response.headers()["location"].to_str().unwrap();
            url = url.join(next).unwrap();
            assert_eq!(url.host_str(), Some("127.0.0.1"), "sent away to {url}");
            request = self.client.get(url.clone());
        }
        panic!("sent on and on, last to {url}");
    }

    /// Opens the set-up link and chooses a password.
    pub(crate) async fn set_up_super_admin(&self, demo: &demo::Demo) -> Page {
        let link = demo.set_up_link().unwrap();
        let page = self
            .open(link)
            .await
            .expect("/admin/initialize", "Create the super admin");
        let code = link.split_once("code=").unwrap().1;
        let fields = [
            ("code", code),
            ("password", PASSWORD),
            ("password_again", PASSWORD),
        ];
        self.submit(&page, "/admin/initialize", &fields).await
    }

    /// Grants access in the name of this person, from the first page to the receipt.
    pub(crate) async fn grant(&self, demo: &demo::Demo, email: &str) -> Page {
        let home = self.open(&format!("http://{}/", demo.address())).await;
        assert!(home.text.contains("dana@example.com"), "{}", home.text);
        let provider = self.submit(&home, "/auth/spark", &[]).await;
        assert_eq!(provider.url.port(), Some(demo.emulator().address().port()));
        assert!(provider.text.contains(email), "{}", provider.text);
        let mut fields = provider.hidden_fields();
        fields.extend([("person", email), ("decision", "accept")].map(owned));
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let receipt = self.submit(&provider, "/v1/authorize", &fields).await;
        assert_eq!(receipt.url.path(), "/granted", "{}", receipt.text);
        receipt
    }
}

impl Page {
    /// Checks that this is the page of `path`, in good order.
    #[track_caller]
    pub(crate) fn expect(self, path: &str, words: &str) -> Self {
        assert_eq!(
            (self.url.path(), self.status),
            (path, StatusCode::OK),
            "{}",
            self.text
        );
        assert!(
            self.text.contains(words),
            "{words:?} is not in {}",
            self.text
        );
        self
    }

    /// The first link that begins like this.
    #[track_caller]
    pub(crate) fn link(&self, start: &str) -> &str {
        let links = self
            .text
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        let mut fitting = links.filter(|link| link.starts_with(start));
        fitting
            .next()
            .unwrap_or_else(|| panic!("no link to {start} in {}", self.text))
    }

    fn hidden_fields(&self) -> Vec<(String, String)> {
        let inputs = self.text.split("<input type=\"hidden\" name=\"").skip(1);
        inputs
            .map(|rest| {
                let (name, rest) = rest.split_once("\" value=\"").unwrap();
                let (value, _) = rest.split_once('"').unwrap();
                owned((name, &value.replace("&amp;", "&").replace("&#38;", "&")))
            })
            .collect()
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
