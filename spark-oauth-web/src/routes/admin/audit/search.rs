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
        // Addresses and times hold no space. In a link that was written by hand, a plus
        // that is not percent-encoded arrives as one.
        let plus = |text: &str| text.trim().replace(' ', "+");
        let name = |text: &str| {
            if text.contains('@') {
                plus(text)
            } else {
                trimmed(text)
            }
        };
        AuditSearch {
            actor: name(&self.actor),
            subject: name(&self.subject),
            token: trimmed(&self.token),
            api_key: trimmed(&self.api_key),
            action: trimmed(&self.action),
            outcome: trimmed(&self.outcome),
            from: plus(&self.from),
            until: plus(&self.until),
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
    fn a_plus_that_was_not_encoded_is_a_plus_in_addresses_and_times() {
        let form = SearchForm {
            actor: "nightly report".to_owned(),
            subject: "ann x@example.com".to_owned(),
            from: "2026-11-01T00:00:00 02:00".to_owned(),
            ..SearchForm::default()
        };
        let filter = filter(&form.view()).unwrap();
        assert_eq!(filter.actor.as_deref(), Some("nightly report"));
        assert_eq!(filter.subject.as_deref(), Some("ann+x@example.com"));
        let from = filter.from.unwrap().to_string();
        assert!(from.starts_with("2026-10-31T22:00:00"), "{from}");
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
