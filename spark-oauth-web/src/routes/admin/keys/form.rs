//! The fields that describe a new API key.

use std::num::NonZeroU32;

use spark_oauth_core::api_keys::{ApiKeyInput, DomainName, InputProblem, KeyName, KeyScope, Reach};
use spark_oauth_core::{EmailAddress, Timestamp};

use crate::moments::End;
use crate::pages::{FieldError, FormErrors, KeyFormPage, Layout, ScopeChoice, sentence};

/// What was typed, as it was typed.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyForm {
    name: String,
    scopes: Vec<String>,
    emails: String,
    domains: String,
    expires_at: String,
    requests_per_minute: String,
}

impl KeyForm {
    /// The fields of a post: `scope` stands once for each box that is ticked, and the
    /// other fields may be repeated too.
    pub(super) fn of_fields(fields: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "name" => form.name = value,
                "scope" => form.scopes.push(value),
                "emails" => push_line(&mut form.emails, &value),
                "domains" => push_line(&mut form.domains, &value),
                "expires_at" => form.expires_at = value,
                "requests_per_minute" => form.requests_per_minute = value,
                _ => {}
            }
        }
        form
    }

    /// The form as a page, with what was typed.
    pub(super) fn draw(self, layout: Layout, errors: FormErrors) -> KeyFormPage {
        let scopes = KeyScope::ALL.map(|scope| ScopeChoice {
            chosen: self.scopes.iter().any(|typed| typed == scope.as_str()),
            scope: scope.into(),
        });
        KeyFormPage {
            layout,
            key_name: self.name,
            scopes: scopes.into(),
            emails: self.emails,
            domains: self.domains,
            expires_at: self.expires_at,
            requests_per_minute: self.requests_per_minute,
            errors,
        }
    }

    /// What the form means, or everything that is wrong with it, in the order of the
    /// fields.
    pub(super) fn read(&self, now: Timestamp) -> Result<ApiKeyInput, FormErrors> {
        let mut mistakes = Mistakes::default();
        let name = mistakes.take("name", KeyName::parse(&self.name));
        let scopes = self.scopes.iter().map(|text| text.parse::<KeyScope>());
        let scopes: Vec<_> = scopes
            .filter_map(|scope| mistakes.take("scope", scope))
            .collect();
        if self.scopes.is_empty() {
            mistakes.add("scope", &InputProblem::NoScope);
        }
        let emails = mistakes.lines("emails", &self.emails, EmailAddress::parse);
        let domains = mistakes.lines("domains", &self.domains, DomainName::parse);
        let expires_at = mistakes.optional("expires_at", &self.expires_at, |text| {
            let end = End::parse(text).map_err(|error| error.to_string())?;
            Some(end.seen_at(now))
                .filter(|end| !end.has_passed(now))
                .ok_or_else(|| InputProblem::Expired.to_string())
        });
        let requests_per_minute =
            mistakes.optional("requests_per_minute", &self.requests_per_minute, |text| {
                text.parse::<NonZeroU32>()
                    .map_err(|_| "write a whole number such as 60, or nothing")
            });
        match name {
            Some(name) if mistakes.0.is_empty() => Ok(ApiKeyInput {
                name,
                scopes,
                reach: Reach::of(emails, domains),
                requests_per_minute,
                expires_at,
            }),
            _ => Err(mistakes.0.into()),
        }
    }
}

/// What the rules of core have against an input that could be read.
pub(super) fn explain(problem: InputProblem) -> FormErrors {
    let field = match problem {
        InputProblem::NoScope => "scope",
        InputProblem::Expired => "expires_at",
    };
    let mut mistakes = Mistakes::default();
    mistakes.add(field, &problem);
    mistakes.0.into()
}

fn push_line(lines: &mut String, line: &str) {
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines.push_str(line);
}

/// Collects what is wrong.
#[derive(Debug, Default)]
struct Mistakes(Vec<FieldError>);

impl Mistakes {
    fn add(&mut self, field: &'static str, text: &impl ToString) {
        let text = format!("{}.", sentence(&text.to_string()));
        self.0.push(FieldError::new(field, text));
    }

    fn take<T, E: ToString>(&mut self, field: &'static str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.add(field, &error)).ok()
    }

    fn optional<T, E: ToString>(
        &mut self,
        field: &'static str,
        text: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        self.take(field, read(text))
    }

    /// One value on each line, or several with commas or spaces between them. The first
    /// that is wrong is named.
    fn lines<T, E: ToString>(
        &mut self,
        field: &'static str,
        text: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let words = text.split(|character: char| character.is_whitespace() || character == ',');
        let read = words
            .filter(|word| !word.is_empty())
            .map(|word| read(word).map_err(|error| format!("“{word}”: {}", error.to_string())));
        match read.collect() {
            Ok(values) => values,
            Err(error) => {
                self.add(field, &error);
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_615_509_750);

    fn form(fields: &[(&str, &str)]) -> KeyForm {
        let owned = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        KeyForm::of_fields(owned.collect())
    }

    #[test]
    fn a_complete_form_is_read() {
        let form = form(&[
            ("name", " nightly report "),
            ("scope", "tokens:use"),
            ("scope", "tokens:read"),
            ("emails", "Ann@example.org,\r\nbob@example.org"),
            ("domains", "@example.com"),
            ("expires_at", "90d"),
            ("requests_per_minute", " 60 "),
        ]);
        let input = form.read(NOW).unwrap();
        assert_eq!(input.name.as_str(), "nightly report");
        assert_eq!(input.scopes.len(), 2);
        assert_eq!(input.reach.emails().count(), 2);
        assert_eq!(input.reach.domains().count(), 1);
        assert_eq!(input.requests_per_minute, NonZeroU32::new(60));
        assert!(input.expires_at.unwrap() > NOW);
    }

    #[test]
    fn what_may_be_empty_may_be_empty() {
        let input = form(&[("name", "a"), ("scope", "tokens:use")]).read(NOW);
        let input = input.unwrap();
        assert!(input.reach.is_everybody());
        assert_eq!((input.expires_at, input.requests_per_minute), (None, None));
    }

    #[test]
    fn every_mistake_is_named_in_the_order_of_the_form() {
        let form = form(&[
            ("emails", "ann@example.org nobody"),
            ("domains", "a b@c"),
            ("expires_at", "2020-01-01"),
            ("requests_per_minute", "0"),
        ]);
        let errors = form.read(NOW).unwrap_err();
        let fields: Vec<_> = errors.all().iter().map(|error| error.field).collect();
        let expected = [
            "name",
            "scope",
            "emails",
            "domains",
            "expires_at",
            "requests_per_minute",
        ];
        assert_eq!(fields, expected.map(Some));
    }
}
