//! The fields that describe a new consent link.

use spark_oauth_core::consent_links::{
    ConsentLinkService, LinkInput, LinkProblem, Note, ReturnAddress,
};
use spark_oauth_core::{EmailAddress, Scopes, Timestamp};

use crate::moments::End;
use crate::pages::{
    FieldError, FormErrors, Layout, LinkFormPage, ScopeChoice, ScopeView, sentence,
};

/// What was typed, as it was typed.
#[derive(Clone, Debug, Default)]
pub(super) struct LinkForm {
    expected_email: String,
    scopes: Vec<String>,
    note: String,
    expires_at: String,
    single_use: bool,
    return_to: String,
}

impl LinkForm {
    /// The form before anything is typed: all that the integration may ask for, once.
    pub(super) fn empty(registered: &Scopes) -> Self {
        Self {
            scopes: registered.iter().map(str::to_owned).collect(),
            single_use: true,
            ..Self::default()
        }
    }

    /// The fields of a post: `scope` stands once for each box that is ticked.
    pub(super) fn of_fields(fields: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "expected_email" => form.expected_email = value,
                "scope" => form.scopes.push(value),
                "note" => form.note = value,
                "expires_at" => form.expires_at = value,
                "single_use" => form.single_use = value == "yes",
                "return_to" => form.return_to = value,
                _ => {}
            }
        }
        form
    }

    /// The form as a page, with what was typed.
    pub(super) fn draw(
        self,
        layout: Layout,
        registered: &Scopes,
        links: &ConsentLinkService,
        errors: FormErrors,
    ) -> LinkFormPage {
        let may_return = !links.return_rules().is_empty();
        let scopes = ScopeView::list(registered.iter()).into_iter();
        LinkFormPage {
            layout,
            expected_email: self.expected_email,
            scopes: scopes
                .map(|scope| ScopeChoice {
                    chosen: self.scopes.contains(&scope.name),
                    scope,
                })
                .collect(),
            note: self.note,
            expires_at: self.expires_at,
            single_use: self.single_use,
            return_to: may_return.then_some(self.return_to),
            errors,
        }
    }

    /// What the form means, or everything that is wrong with it, in the order of the
    /// fields.
    pub(super) fn read(&self, now: Timestamp) -> Result<LinkInput, FormErrors> {
        let mut mistakes = Vec::new();
        let expected_email = optional(
            &mut mistakes,
            "expected_email",
            &self.expected_email,
            EmailAddress::parse,
        );
        let note = optional(&mut mistakes, "note", &self.note, Note::parse);
        let scopes = Scopes::parse(&self.scopes.join(" "));
        let scopes = scopes.map_err(|error| mistakes.push(mistake("scope", &error.to_string())));
        let end = optional(&mut mistakes, "expires_at", &self.expires_at, End::parse);
        let return_to = optional(
            &mut mistakes,
            "return_to",
            &self.return_to,
            ReturnAddress::parse,
        );
        match scopes {
            Ok(scopes) if mistakes.is_empty() => Ok(LinkInput {
                scopes: Some(scopes),
                note,
                expected_email,
                return_to,
                single_use: self.single_use,
                life: end.map(|end| end.seen_at(now).since(now)),
            }),
            _ => Err(mistakes.into()),
        }
    }
}

fn mistake(field: &'static str, text: &str) -> FieldError {
    FieldError::new(field, format!("{}.", sentence(text)))
}

fn optional<T, E: ToString>(
    mistakes: &mut Vec<FieldError>,
    field: &'static str,
    text: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    read(text)
        .map_err(|error| mistakes.push(mistake(field, &error.to_string())))
        .ok()
}

/// What the rules of core have against an input that could be read.
pub(super) fn explain(problems: &[LinkProblem]) -> FormErrors {
    let mistakes = problems.iter().map(|problem| {
        let (field, text) = match problem {
            LinkProblem::NoScope => ("scope", "choose at least one".to_owned()),
            LinkProblem::NotRegistered { .. } => ("scope", problem.to_string()),
            LinkProblem::Life => ("expires_at", problem.to_string()),
            LinkProblem::ReturnNotAllowed(_) => ("return_to", problem.to_string()),
        };
        mistake(field, &text)
    });
    mistakes.collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_615_509_750);

    fn form(fields: &[(&str, &str)]) -> LinkForm {
        let owned = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        LinkForm::of_fields(owned.collect())
    }

    #[test]
    fn a_complete_form_is_read() {
        let form = form(&[
            ("expected_email", " ann@example.org "),
            ("scope", "spark:rooms_read"),
            ("scope", "spark:people_read"),
            ("note", "For the report.\r\nThanks"),
            ("expires_at", "14d"),
            ("single_use", "yes"),
            ("return_to", "https://app.example.com/"),
        ]);
        let input = form.read(NOW).unwrap();
        assert_eq!(input.expected_email.unwrap().as_str(), "ann@example.org");
        assert_eq!(input.scopes.unwrap().len(), 2);
        assert_eq!(input.note.unwrap().as_str(), "For the report.\nThanks");
        assert!(input.life.unwrap() > Duration::from_hours(13 * 24));
        assert!(input.single_use && input.return_to.is_some());
    }

    #[test]
    fn every_mistake_is_named_in_the_order_of_the_form() {
        let form = form(&[
            ("expected_email", "nobody"),
            ("note", "\u{7}x"),
            ("scope", "a\"b"),
            ("expires_at", "soon"),
            ("return_to", "//evil.example"),
        ]);
        let errors = form.read(NOW).unwrap_err();
        let fields: Vec<_> = errors.all().iter().map(|error| error.field).collect();
        let expected = ["expected_email", "note", "scope", "expires_at", "return_to"];
        assert_eq!(fields, expected.map(Some));
    }
}
