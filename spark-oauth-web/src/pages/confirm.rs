use askama::Template;

use super::Layout;

/// Asks before something that cannot be taken back, as a page of its own.
#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage {
    /// Frame of the page.
    pub layout: Layout,
    /// The question.
    pub title: String,
    /// Whom or what it concerns, for instance an e-mail address.
    pub subject: Option<String>,
    /// What will happen, one sentence each.
    pub consequences: Vec<String>,
    /// Where the form is posted, with `confirm=yes` added.
    pub action: String,
    /// What the first form already said.
    pub hidden: Vec<HiddenField>,
    /// Label of the button, a verb and its object.
    pub button: String,
    /// Whether something ends or goes, of which the button's colour warns.
    pub is_destructive: bool,
    /// Where "Cancel" leads.
    pub cancel: String,
}

/// A value that a form carries along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenField {
    /// Name of the field.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl HiddenField {
    /// A field with this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}
