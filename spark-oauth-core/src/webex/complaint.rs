//! What the provider says when it refuses, in each of its shapes.
//!
//! Webex: `{"message":…,"errors":[{"description":…}],"trackingId":…}`. Its
//! identity broker: `{"error":…,"error_description":…,"trackingID":…}` (RFC 6749
//! section 5.2), at times wrapped in the text of the former. Gateways in between
//! answer HTML, plain text or nothing.

use serde_json::Value;

use super::redaction::Secrets;
use crate::ports::TrackingId;

/// How deep texts are looked for.
const MAX_DEPTH: usize = 4;

/// What the provider says about a refusal.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    /// The error code of RFC 6749 section 5.2, where there is one.
    code: Option<String>,
    /// The texts in the order of their worth, each once.
    texts: Vec<String>,
    /// Whether the body is the page of some gateway, not the provider's answer.
    html: bool,
    tracking_id: Option<String>,
}

impl Complaint {
    /// Reads the body of an answer, whatever it is.
    pub(super) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        let mut complaint = Self::default();
        if let Ok(json) = serde_json::from_str::<Value>(text) {
            complaint.read_json(&json, 0);
        } else if text.starts_with('<') {
            complaint.html = true;
            complaint.add(&match html_title(text) {
                Some(title) => format!("an HTML page: {title}"),
                None => "an HTML page".to_owned(),
            });
        } else {
            complaint.add(text);
        }
        complaint
    }

    /// The code and every text, in lower case, with single spaces between the
    /// words and around: what the classification searches. Nothing of a page,
    /// since a gateway knows nothing of grants.
    pub(super) fn words(&self) -> String {
        let all = self.code.iter().chain(&self.texts);
        let mut words = String::from(" ");
        if self.html {
            return words;
        }
        for text in all {
            let split = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            for word in split.filter(|word| !word.is_empty()) {
                words.push_str(&word.to_lowercase());
                words.push(' ');
            }
        }
        words
    }

    /// Whether the body is a page.
    pub(super) const fn is_html(&self) -> bool {
        self.html
    }

    /// The error code of RFC 6749 section 5.2.
    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The provider's words, without anything that we sent.
    pub(super) fn message(&self, secrets: &Secrets) -> Option<String> {
        let all: Vec<&str> = self
            .code
            .iter()
            .chain(&self.texts)
            .map(String::as_str)
            .collect();
        secrets.message(&all.join(": "))
    }

    /// The reference of the call, where only the body holds it.
    pub(super) fn tracking_id(&self, secrets: &Secrets) -> Option<TrackingId> {
        let id = self.tracking_id.as_deref()?;
        (!secrets.are_in(id)).then(|| TrackingId::new(id)).flatten()
    }

    fn read_json(&mut self, json: &Value, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match json {
            Value::String(text) => self.add(text),
            Value::Array(items) => {
                for item in items {
                    self.read_json(item, depth + 1);
                }
            }
            Value::Object(fields) => {
                self.read_code(fields.get("error"));
                for name in ["error_description", "message", "description", "errors"] {
                    if let Some(value) = fields.get(name) {
                        self.read_json(value, depth + 1);
                    }
                }
                if let Some(nested @ (Value::Object(_) | Value::Array(_))) = fields.get("error") {
                    self.read_json(nested, depth + 1);
                }
                self.read_tracking_id(fields);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn read_code(&mut self, error: Option<&Value>) {
        if let Some(code) = error.and_then(Value::as_str)
            && self.code.is_none()
            && !code.trim().is_empty()
        {
            self.code = Some(code.trim().to_owned());
        }
    }

    fn read_tracking_id(&mut self, fields: &serde_json::Map<String, Value>) {
        let id = fields
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("trackingid"))
            .and_then(|(_, value)| value.as_str());
        if let (None, Some(id)) = (&self.tracking_id, id) {
            self.tracking_id = Some(id.to_owned());
        }
    }

    fn add(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() && !self.texts.iter().any(|known| known == text) {
            self.texts.push(text.to_owned());
        }
    }
}

fn html_title(page: &str) -> Option<&str> {
    // ASCII case folding keeps every position.
    let folded = page.to_ascii_lowercase();
    let tag = folded.find("<title")?;
    let start = tag + folded[tag..].find('>')? + 1;
    let end = start + folded[start..].find("</title")?;
    let title = page[start..end].trim();
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(body: &str) -> Option<String> {
        Complaint::read(body.as_bytes()).message(&Secrets::new([]))
    }

    fn tracking_id(body: &str) -> Option<String> {
        Complaint::read(body.as_bytes())
            .tracking_id(&Secrets::new([]))
            .map(|id| id.as_str().to_owned())
    }

    #[test]
    fn reads_both_shapes_of_the_provider() {
        let webex = r#"{"message":"Could not find a room with provided ID.",
            "errors":[{"description":"Could not find a room with provided ID."}],"trackingId":"ROUTER_1"}"#;
        assert_eq!(
            message(webex).unwrap(),
            "Could not find a room with provided ID."
        );
        assert_eq!(tracking_id(webex).unwrap(), "ROUTER_1");

        let broker = r#"{"error":"invalid_request","error_description":
            "The refresh token provided is expired, revoked, malformed, or invalid.","trackingID":"NA_2"}"#;
        assert_eq!(
            message(broker).unwrap(),
            "invalid_request: The refresh token provided is expired, revoked, malformed, or invalid."
        );
        assert_eq!(tracking_id(broker).unwrap(), "NA_2");
    }

    #[test]
    fn reads_the_shapes_that_nobody_promised() {
        for (body, said) in [
            ("", None),
            (" \r\n", None),
            ("{}", None),
            ("[]", None),
            ("null", None),
            ("Bad Gateway", Some("Bad Gateway")),
            (r#""no""#, Some("no")),
            (r#"[{"message":"a"},"b"]"#, Some("a: b")),
            (r#"{"message":{"description":"deep"}}"#, Some("deep")),
            (
                r#"{"error":{"key":"400","message":[{"description":"deep"}]}}"#,
                Some("deep"),
            ),
            (r#"{"message":7,"errors":"x"}"#, Some("x")),
            ("<html>", Some("an HTML page")),
            (
                "\u{feff}<!doctype html><Title\n>502 Bad\nGateway</TITLE>",
                Some("an HTML page: 502 Bad Gateway"),
            ),
            ("<title>open", Some("an HTML page")),
        ] {
            assert_eq!(message(body).as_deref(), said, "{body}");
        }
    }

    #[test]
    fn a_tracking_id_that_quotes_a_secret_is_dropped() {
        let complaint = Complaint::read(br#"{"trackingId":"X_0123456789abcdef"}"#);
        let secrets = Secrets::new(["0123456789abcdef"]);
        assert_eq!(complaint.tracking_id(&secrets), None);
    }

    #[test]
    fn words_can_be_searched_whatever_the_punctuation() {
        let complaint = Complaint::read(
            br#"{"error":"Invalid_Grant","error_description":"'Refresh-Token': bad!"}"#,
        );
        assert_eq!(complaint.words(), " invalid_grant refresh token bad ");
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let complaint = Complaint::read(&body);
            complaint.words();
            complaint.message(&Secrets::new([]));
        }

        #[test]
        fn any_page_is_survived(body in "<.{0,20}(<title.{0,5}>?.{0,20}(</title)?)?.{0,20}") {
            message(&body);
        }
    }
}
