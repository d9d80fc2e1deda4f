//! The configuration file: JSON, read into a tree that keeps what `serde_json`'s
//! own drops, so that a key that stands twice is found.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use zeroize::Zeroizing;

use super::problem::Findings;
use super::schema::{self, Setting};

/// A value as it was written.
pub(super) enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    Text(Zeroizing<String>),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Raw {
    /// A text, whoever keeps it.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    /// What was found, for a message; only the kind where it is a secret.
    pub(super) fn describe(&self, secret: bool) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Object(_) => "a section".to_owned(),
            Self::Bool(_) if secret => "true or false".to_owned(),
            Self::Number(_) if secret => "a number".to_owned(),
            Self::Text(_) if secret => "a text".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => format!("the number {value}"),
            Self::Text(text) => quote(text),
        }
    }
}

/// A text in quotes, cut where it is long, with everything odd escaped. The
/// credentials of a URL are left out.
pub(super) fn quote(text: &str) -> String {
    const SHOWN: usize = 100;
    let text = without_credentials(text);
    let shown: String = text.chars().take(SHOWN).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown:?}{rest}")
}

fn without_credentials(text: &str) -> Cow<'_, str> {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}").into(),
        _ => text.into(),
    }
}

/// Reads the text of a file.
///
/// `Err` is the reader's own message, with line and column.
pub(super) fn parse(text: &str) -> Result<Raw, serde_json::Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text)
}

/// Sorts the tree's values to their settings. What belongs to none is reported.
pub(super) fn flatten(file: &str, tree: Raw, findings: &mut Findings) -> Vec<(Setting, Raw)> {
    let Raw::Object(entries) = tree else {
        let fault = format!("holds {} instead of the sections", tree.describe(true));
        findings.problem(file, fault, "put everything between { and }");
        return Vec::new();
    };
    let mut values = Vec::new();
    for (key, value) in unique(file, "", entries, findings) {
        if !schema::is_section(&key) {
            place(file, None, &key, value, &mut values, findings);
        } else if let Raw::Object(entries) = value {
            let prefix = format!("{key}.");
            for (path, value) in unique(file, &prefix, entries, findings) {
                place(file, Some(&key), &path, value, &mut values, findings);
            }
        } else {
            let fault = format!("found {} instead of a section", value.describe(true));
            findings.problem(key, fault, "put its keys between { and }");
        }
    }
    values
}

/// The entries by their full path; a key that stands twice is reported, and the
/// first one kept.
fn unique(
    file: &str,
    prefix: &str,
    entries: Vec<(String, Raw)>,
    findings: &mut Findings,
) -> Vec<(String, Raw)> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for (key, value) in entries {
        let path = format!("{prefix}{key}");
        if seen.insert(key) {
            kept.push((path, value));
        } else {
            let fault = format!("stands twice in {file}");
            findings.problem(printable(&path), fault, "remove one of them");
        }
    }
    kept
}

/// Puts a value to its setting. A dot within a key makes no section.
fn place(
    file: &str,
    section: Option<&str>,
    path: &str,
    value: Raw,
    values: &mut Vec<(Setting, Raw)>,
    findings: &mut Findings,
) {
    let found = schema::find(path);
    if let Some(setting) = found.filter(|setting| setting.section() == section) {
        values.push((setting, value));
        return;
    }
    let advice = match (found, schema::nearest(path)) {
        (Some(setting), _) => format!(
            "put {} into the section {}",
            setting.key(),
            setting.section().unwrap_or_default()
        ),
        (None, Some(meant)) => format!("did you mean {meant}?"),
        (None, None) => format!("remove it from {file}; conf/README.md lists the keys"),
    };
    findings.problem(printable(path), "no such key", advice);
}

/// A key that somebody else wrote, fit for a message.
fn printable(path: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic();
    if !path.is_empty() && path.len() <= 100 && path.chars().all(plain) {
        path.to_owned()
    } else {
        quote(path)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Number::from_f64(value).map_or(Raw::Null, Raw::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut object = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            object.push(entry);
        }
        Ok(Raw::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_escapes_cuts_and_hides_credentials() {
        assert_eq!(quote("a\nb"), r#""a\nb""#);
        assert_eq!(quote(&"x".repeat(200)).chars().count(), 103);
        let shown = quote("https://user:sesame@host/p");
        assert_eq!(shown, r#""https://…@host/p""#);
        let odd = quote("https://user:ses@me@host");
        assert_eq!(odd, r#""https://…@host""#);
    }

    #[test]
    fn a_secret_is_described_by_its_kind_alone() {
        for raw in [Raw::text("sesame"), Raw::Number(Number::from(4711))] {
            let shown = raw.describe(true);
            assert!(
                !shown.contains("sesame") && !shown.contains("4711"),
                "{shown}"
            );
        }
    }

    #[test]
    fn keeps_a_key_that_stands_twice() {
        let Ok(Raw::Object(entries)) = parse(r#"{"a":1,"a":2}"#) else {
            panic!("an object");
        };
        assert_eq!(entries.len(), 2);
    }
}
