//! The fields of a search, and the filter that they mean.

use serde::Deserialize;
use spark_oauth_core::ports::{AuditFilter, Cursor};
use url::form_urlencoded;

use crate::moments::{parse_from, parse_until};
use crate::pages::{AuditSearch, FieldError, FormErrors, sentence};

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SearchForm {
    actor: String,
    subject: String,
    token: String,
    api_key: String,
    action: String,
    outcome: String,
    from: String,
    until: String,
    pub(super) cursor: String,
}

impl SearchForm {
    /// The fields as the page shows them again.
    pub(super) fn view(&self) -> AuditSearch {
        let trimmed = |text: &str| text.trim().to_owned();
        AuditSearch {
            actor: trimmed(&self.actor),
            subject: trimmed(&self.subject),
            token: trimmed(&self.token),
            api_key: trimmed(&self.api_key),
            action: trimmed(&self.action),
            outcome: trimmed(&self.outcome),
            from: trimmed(&self.from),
            until: trimmed(&self.until),
        }
    }
}

/// The filter, or everything that is wrong with the fields.
pub(super) fn filter(search: &AuditSearch) -> Result<AuditFilter, FormErrors> {
    let mut errors = Vec::new();
    let name = |text: &str| Some(text.to_owned()).filter(|name| !name.is_empty());
    let filter = AuditFilter {
        actor: name(&search.actor),
        subject: name(&search.subject),
        action: read(&mut errors, "action", &search.action, |text| {
            text.parse().map_err(|_| "choose one of the actions")
        }),
        outcome: read(&mut errors, "outcome", &search.outcome, str::parse),
        from: read(&mut errors, "from", &search.from, parse_from),
        until: read(&mut errors, "until", &search.until, parse_until),
        token: read(&mut errors, "token", &search.token, |text| {
            text.parse()
                .map_err(|_| "write the record of a token, as its page shows it: 26 characters")
        }),
        api_key: read(&mut errors, "api_key", &search.api_key, |text| {
            text.parse()
                .map_err(|_| "write the record of a key, as its page shows it: 26 characters")
        }),
    };
    if errors.is_empty() {
        Ok(filter)
    } else {
        Err(errors.into())
    }
}

fn read<T, E: ToString>(
    errors: &mut Vec<FieldError>,
    field: &'static str,
    text: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    read(text)
        .map_err(|error| {
            let text = format!("{}.", sentence(&error.to_string()));
            errors.push(FieldError::new(field, text));
        })
        .ok()
}

/// The list with the same search, from a cursor on.
pub(super) fn link(search: &AuditSearch, cursor: Option<&Cursor>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in search.fields() {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", &cursor.to_string());
    }
    let query = query.finish();
    if query.is_empty() {
        "/admin/audit".to_owned()
    } else {
        format!("/admin/audit?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_narrows_nothing() {
        let form = SearchForm {
            actor: "  ".to_owned(),
            ..SearchForm::default()
        };
        assert_eq!(filter(&form.view()).unwrap(), AuditFilter::default());
        assert_eq!(link(&form.view(), None), "/admin/audit");
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let form = SearchForm {
            token: "1".to_owned(),
            api_key: "nightly report".to_owned(),
            action: "dance".to_owned(),
            outcome: "well".to_owned(),
            from: "yesterday".to_owned(),
            until: "2026-02-30".to_owned(),
            ..SearchForm::default()
        };
        let errors = filter(&form.view()).unwrap_err();
        let fields: Vec<_> = errors
            .all()
            .iter()
            .filter_map(|error| error.field)
            .collect();
        assert_eq!(
            fields,
            ["action", "outcome", "from", "until", "token", "api_key"]
        );
    }

    #[test]
    fn a_link_says_what_was_searched() {
        let form = SearchForm {
            actor: "a&b".to_owned(),
            action: "sign_in".to_owned(),
            ..SearchForm::default()
        };
        let cursor = Cursor::from_position([1, 2]);
        assert_eq!(
            link(&form.view(), Some(&cursor)),
            format!("/admin/audit?actor=a%26b&action=sign_in&cursor={cursor}")
        );
    }
}
