use askama::Template;

use super::{Audience, Layout};

/// Something went wrong: what it was, and what to do next.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// Frame of the page.
    pub layout: Layout,
    /// HTTP status of the answer.
    pub status: u16,
    /// What happened, in a few words.
    pub title: String,
    /// What it means and what to do, in one or two sentences.
    pub explanation: String,
    /// Where to go from here; the first is the main one.
    pub next_steps: Vec<NextStep>,
    /// ID of this request in our logs.
    pub request_id: Option<String>,
    /// The provider's `TrackingID`, to quote to its support.
    pub tracking_id: Option<String>,
}

/// A way out of an error.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NextStep {
    /// Text of the link.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

impl ErrorPage {
    /// A page with words of its own.
    pub fn new(
        audience: Audience,
        status: u16,
        title: impl Into<String>,
        explanation: impl Into<String>,
    ) -> Self {
        let title = title.into();
        Self {
            layout: Layout::new(title.clone(), audience),
            status,
            title,
            explanation: explanation.into(),
            next_steps: Vec::new(),
            request_id: None,
            tracking_id: None,
        }
    }

    /// The usual words for a status, with one way out.
    pub fn for_status(audience: Audience, status: u16) -> Self {
        let (title, explanation) = words(status);
        let way_out = match audience {
            Audience::People => NextStep::new("Go to the start page", "/"),
            Audience::SignedOut => NextStep::new("Go to sign-in", "/admin"),
            Audience::Admin(_) => NextStep::new("Go to the tokens", "/admin/tokens"),
        };
        Self::new(audience, status, title, explanation).with_step(way_out)
    }

    /// Adds a way out; the first one is the main one.
    #[must_use]
    pub fn with_step(mut self, step: NextStep) -> Self {
        self.next_steps.push(step);
        self
    }

    /// Adds the ID under which the request stands in the logs.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Adds the provider's `TrackingID`, if it sent one.
    #[must_use]
    pub fn with_tracking_id(mut self, id: Option<String>) -> Self {
        self.tracking_id = id;
        self
    }
}

impl NextStep {
    /// A link with this label.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
        }
    }
}

fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => (
            "That request could not be read",
            "Part of it is missing or damaged. Go back, reload the page and try again.",
        ),
        403 => (
            "You cannot do that here",
            "The request came from another site, or your account may not see this page. \
             Open the page from its own menu and try again.",
        ),
        404 => (
            "Page not found",
            "The address may be mistyped, or what it led to was removed in the meantime.",
        ),
        405 => (
            "That does not work at this address",
            "The address exists, but not for this kind of request. Go back and use the button \
             or link on the page.",
        ),
        408 | 504 => (
            "That took too long",
            "Nothing was changed that we know of. Wait a moment and try again.",
        ),
        413 => (
            "That is too much data",
            "The form was larger than this service accepts. Shorten what you entered and try again.",
        ),
        429 => (
            "Too many attempts",
            "For safety, we have to slow down. Wait a few minutes and try again.",
        ),
        502 => (
            "Webex did not answer as expected",
            "The trouble is on the way to Webex or at Webex itself. Try again in a few minutes.",
        ),
        503 => (
            "Out of service for a moment",
            "The service is busy or about to restart. Try again in a minute.",
        ),
        client if (400..500).contains(&client) => (
            "That did not work",
            "The request could not be accepted. Go back, reload the page and try again.",
        ),
        _ => (
            "Something went wrong on our side",
            "It was noted in the logs. Try again; if it happens once more, send the request ID \
             below to whoever runs this service.",
        ),
    }
}
