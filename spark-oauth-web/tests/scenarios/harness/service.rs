//! A service that calls the HTTP API: with a key, without a cookie, and with its
//! OpenAPI document in hand, which every answer must fit.

use std::sync::LazyLock;

use reqwest::Method;
use serde_json::{Value, json};

use super::browser::Ask;
use super::{Browser, Page};

/// The document as it is in the repository. That it is the served one is tested too.
pub(crate) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../openapi.json")).unwrap());

/// A service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    browser: Browser,
    key: Option<String>,
}

impl Service {
    pub(crate) fn new(browser: Browser, key: Option<&str>) -> Self {
        Self {
            browser,
            key: key.map(str::to_owned),
        }
    }

    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The same service with another key, or none.
    pub(crate) fn with_key(&self, key: Option<&str>) -> Self {
        Self::new(self.browser.clone(), key)
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask {
        let ask = self.browser.ask(method, &format!("/api/v1{path}")).bare();
        match &self.key {
            Some(key) => ask.header("authorization", format!("Bearer {key}")),
            None => ask,
        }
    }

    pub(crate) async fn send(&self, ask: Ask) -> Page {
        let answer = self.browser.send(ask).await;
        check(&answer);
        answer
    }

    pub(crate) async fn call(&self, method: Method, path: &str) -> Page {
        self.send(self.ask(method, path)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.call(Method::GET, path).await
    }

    /// A call that succeeds.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}

impl Page {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// That this is a problem of this status and code.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.json()["code"], code, "{self:?}");
    }
}

/// What holds for every answer of the API.
#[track_caller]
fn check(answer: &Page) {
    assert!(answer.header("set-cookie").is_none(), "{answer:?}");
    assert!(answer.header("location").is_none(), "{answer:?}");
    assert!(answer.header("cache-control").is_some(), "{answer:?}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let status = answer.status.as_u16();
    let mut codes = None;
    let schema = if let Some(operation) = operation(answer) {
        codes = operation["x-problem-codes"].as_array();
        let response = &operation["responses"][status.to_string()];
        assert!(
            response.is_object(),
            "{status} is not documented: {answer:?}"
        );
        response["content"].clone()
    } else {
        assert!(matches!(status, 401 | 404 | 405), "{answer:?}");
        let names_others = answer.header("allow").is_some();
        assert_eq!(status == 405, names_others, "{answer:?}");
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        json!({ "application/problem+json": { "schema": schema } })
    };
    if status >= 400 {
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{answer:?}");
        assert!(
            codes.is_none_or(|codes| codes.contains(&problem["code"])),
            "the code is not documented: {answer:?}"
        );
        assert_eq!(problem["request_id"], answer.request_id(), "{answer:?}");
    }
    check_body(answer, &schema);
}

#[track_caller]
fn check_body(answer: &Page, content: &Value) {
    let kind = answer.header("content-type").unwrap_or_default();
    if answer.body.is_empty() {
        assert!(
            content.is_null() || answer.method == Method::HEAD,
            "{answer:?}"
        );
        return;
    }
    let kind = kind.split(';').next().unwrap();
    let mut schema = content[kind]["schema"].clone();
    assert!(schema.is_object(), "{kind} is not documented: {answer:?}");
    if kind == "text/html" {
        return;
    }
    schema["components"] = DOCUMENT["components"].clone();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema);
    let body = answer.json();
    let errors: Vec<_> = validator
        .unwrap()
        .iter_errors(&body)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?} in {answer:?}");
}

/// The documented call that was made, if it is one.
fn operation(answer: &Page) -> Option<&'static Value> {
    let segments: Vec<_> = answer.url.path().split('/').collect();
    let fits = |template: &str| {
        let template: Vec<_> = template.split('/').collect();
        let mut pairs = template.iter().zip(&segments);
        template.len() == segments.len()
            && pairs.all(|(known, is)| known == is || known.starts_with('{') && !is.is_empty())
    };
    let mut paths = DOCUMENT["paths"].as_object()?.iter();
    let (_, operations) = paths.find(|(template, _)| fits(template))?;
    let method = match answer.method.as_str() {
        "HEAD" => "get".to_owned(),
        other => other.to_lowercase(),
    };
    operations.get(method)
}
