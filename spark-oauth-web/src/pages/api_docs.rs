//! The HTTP API's documentation as a page, drawn from its OpenAPI document.

mod prose;
mod reading;
mod schema;

use askama::Template;
use serde_json::Value;
use url::Url;

use super::Layout;

pub use prose::{Piece, Prose};

/// The documentation of the HTTP API.
#[derive(Debug, Template)]
#[template(path = "api_docs.html")]
pub struct ApiDocsPage {
    /// Frame of the page.
    pub layout: Layout,
    /// What the API is for, in paragraphs.
    pub introduction: Vec<Prose>,
    /// The calls, by what they are about.
    pub groups: Vec<Group>,
    /// What errors are told apart by.
    pub codes: Vec<CodeView>,
}

/// Calls about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub about: Prose,
    /// The calls.
    pub calls: Vec<Call>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Under which the page can be opened.
    pub id: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, with its parameters in braces.
    pub path: String,
    /// What it does, in a few words.
    pub summary: String,
    /// The same in paragraphs.
    pub about: Vec<Prose>,
    /// The scope that it asks of a key.
    pub scope: Option<String>,
    /// What goes into path, query and headers.
    pub parameters: Vec<Field>,
    /// What goes into the body.
    pub body: Vec<Field>,
    /// What it answers where all is well.
    pub answers: Vec<Answer>,
    /// Which codes it can answer, by status.
    pub problems: Vec<(String, Vec<String>)>,
    /// The call at the command line.
    pub curl: String,
}

/// Something that has a name and a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// `path`, `query`, `header`; nothing for a field of a body.
    pub place: String,
    /// Whether it must be there.
    pub required: bool,
    /// What may stand in it.
    pub kind: String,
    /// What it means.
    pub about: Prose,
}

/// An answer that is no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: String,
    /// What it says.
    pub about: Prose,
    /// The fields of its body.
    pub fields: Vec<Field>,
    /// The body, for example.
    pub example: Option<String>,
}

/// One code of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeView {
    /// The code.
    pub code: String,
    /// The status that it comes with.
    pub status: u16,
    /// What happened, in a few words.
    pub title: String,
    /// What it means and what to do.
    pub about: Prose,
}

/// The page for an OpenAPI document of ours, and the codes of its problems. Examples
/// call the service at `public_url`.
pub fn api_docs(document: &Value, codes: Vec<CodeView>, public_url: &Url) -> ApiDocsPage {
    let text = document["info"]["description"].as_str().unwrap_or_default();
    ApiDocsPage {
        layout: Layout::people("HTTP API"),
        introduction: Prose::paragraphs(text),
        groups: reading::groups(document, public_url),
        codes,
    }
}
