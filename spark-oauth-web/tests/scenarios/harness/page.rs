//! An answer, read as a person reads it.

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, StatusCode};
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::Form;

/// One answer.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { method, url, .. } = self;
        write!(f, "{method} {url}: {} {:?}", self.status, self.headers)?;
        write!(f, "\n{}", self.text())
    }
}

fn words(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Page {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn html(&self) -> Html {
        Html::parse_document(&self.text())
    }

    /// The words of every element that fits.
    pub(crate) fn all(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        self.html().select(&selector).map(words).collect()
    }

    fn first(&self, selector: &str) -> String {
        let found = self.all(selector).into_iter().next();
        found.unwrap_or_else(|| panic!("no {selector} in {self:?}"))
    }

    pub(crate) fn heading(&self) -> String {
        self.first("h1")
    }

    /// What a person reads in the middle of the page.
    pub(crate) fn content(&self) -> String {
        self.first("main")
    }

    /// What is said of the last request, or of a form.
    pub(crate) fn notice(&self) -> String {
        self.all(".notice").join(" ")
    }

    /// The very text of the element with this ID, without any change.
    pub(crate) fn element(&self, id: &str) -> Option<String> {
        let selector = Selector::parse(&format!("[id=\"{id}\"]")).unwrap();
        let html = self.html();
        let found = html.select(&selector).next()?;
        let nodes: Vec<_> = found.text().collect();
        assert_eq!(nodes.len(), 1, "#{id} is in pieces: {nodes:?}");
        Some(nodes[0].to_owned())
    }

    /// The texts of the elements that show a secret.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let selector = Selector::parse(".secret__text").unwrap();
        let html = self.html();
        let texts = html.select(&selector).map(|element| {
            let nodes: Vec<_> = element.text().collect();
            assert_eq!(nodes.len(), 1, "a secret in pieces: {nodes:?}");
            nodes[0].to_owned()
        });
        texts.collect()
    }

    /// The forms whose action ends like this.
    pub(crate) fn forms(&self, action: &str) -> Vec<Form> {
        let html = self.html();
        let all = Selector::parse("form").unwrap();
        let forms = html.select(&all).map(|form| Form::read(form, &self.url));
        forms
            .filter(|form| form.action.path().ends_with(action))
            .collect()
    }

    /// The one form whose action ends like this.
    pub(crate) fn form(&self, action: &str) -> Form {
        let mut forms = self.forms(action);
        assert_eq!(forms.len(), 1, "forms for {action} in {self:?}");
        forms.remove(0)
    }

    /// The addresses of links that begin like this, each once.
    pub(crate) fn hrefs(&self, start: &str) -> Vec<String> {
        let selector = Selector::parse("main a[href]").unwrap();
        let html = self.html();
        let mut hrefs: Vec<_> = html
            .select(&selector)
            .filter_map(|link| link.attr("href"))
            .filter(|href| href.starts_with(start))
            .map(str::to_owned)
            .collect();
        hrefs.dedup();
        hrefs
    }

    /// Where the link with these words leads.
    pub(crate) fn link(&self, label: &str) -> String {
        let selector = Selector::parse("a[href]").unwrap();
        let html = self.html();
        let found = html.select(&selector).find(|link| words(*link) == label);
        let href = found.and_then(|link| link.attr("href"));
        href.unwrap_or_else(|| panic!("no link {label} in {self:?}"))
            .to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        let location = self.header(LOCATION.as_str());
        location.unwrap_or_else(|| panic!("no redirect: {self:?}"))
    }

    pub(crate) fn request_id(&self) -> &str {
        self.header("x-request-id").expect("a request ID")
    }

    /// That this is an error page with everything a person needs, and nothing else.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, heading: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.heading(), heading, "{self:?}");
        assert!(self.content().contains(&format!("Error {status}")));
        assert!(self.content().contains(self.request_id()), "{self:?}");
        assert!(!self.hrefs("/").is_empty(), "no way out of {self:?}");
        let text = self.text();
        for trace in [
            "panicked",
            ".rs:",
            "stack backtrace",
            "sqlx",
            "reqwest",
            "Error {",
        ] {
            assert!(!text.contains(trace), "{trace} in {self:?}");
        }
    }

    #[track_caller]
    pub(crate) fn assert_redirect(&self, to: &str) {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        assert_eq!(self.location(), to);
    }
}
