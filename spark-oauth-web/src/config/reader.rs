//! Typed access to the values, from whichever source they come.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use super::document::{Raw, quote};
use super::problem::Findings;
use super::schema::Setting;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    File,
    /// The environment variable of this name.
    Variable(String),
}

struct Value {
    raw: Raw,
    origin: Origin,
}

/// Hands out the values and collects what is wrong with them.
///
/// A method answers `None` where the setting is absent, and where its value was
/// wrong: then the mistake is noted, and no configuration comes of it.
pub(super) struct Reader {
    values: BTreeMap<Setting, Value>,
    findings: Findings,
}

impl Reader {
    /// A reader of the file's values, each overridden by the environment's.
    pub(super) fn new(
        file: Vec<(Setting, Raw)>,
        environment: Vec<(Setting, Raw, Origin)>,
        findings: Findings,
    ) -> Self {
        let mut values = BTreeMap::new();
        let of_file = file.into_iter().map(|(key, raw)| (key, raw, Origin::File));
        for (setting, raw, origin) in of_file.chain(environment) {
            values.insert(setting, Value { raw, origin });
        }
        Self { values, findings }
    }

    pub(super) fn into_findings(self) -> Findings {
        self.findings
    }

    pub(super) fn findings(&mut self) -> &mut Findings {
        &mut self.findings
    }

    pub(super) fn is_given(&self, setting: Setting) -> bool {
        self.values.contains_key(&setting)
    }

    /// Notes a mistake in the value of `setting`.
    pub(super) fn wrong(
        &mut self,
        setting: Setting,
        fault: impl Into<String>,
        advice: impl Into<String>,
    ) {
        let place = match self.values.get(&setting).map(|value| &value.origin) {
            Some(Origin::Variable(name)) => format!("{} (from {name})", setting.path()),
            Some(Origin::File) | None => setting.path().to_owned(),
        };
        self.findings.problem(place, fault, advice);
    }

    /// Notes something doubtful about `setting`.
    pub(super) fn warn(&mut self, setting: Setting, text: impl Into<String>) {
        self.findings.warn(setting.path(), text);
    }

    /// Notes that a setting without a default is missing; `what` says what it is.
    pub(super) fn require(&mut self, setting: Setting, what: &str) {
        if !self.is_given(setting) {
            let advice = format!("add {what}, or set {}", setting.variable());
            self.wrong(setting, "missing", advice);
        }
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, setting: Setting) -> Option<String> {
        let text = self.any_text(setting)?;
        if text.trim().is_empty() {
            let advice = "give it a value, or remove it where it is optional";
            self.wrong(setting, "is empty", advice);
            None
        } else {
            Some(text)
        }
    }

    /// A text that may be empty.
    pub(super) fn any_text(&mut self, setting: Setting) -> Option<String> {
        match &self.values.get(&setting)?.raw {
            Raw::Text(text) => Some(text.as_str().to_owned()),
            Raw::Number(_) => self.unfit(setting, "a text", "write it in quotes"),
            _ => self.unfit(setting, "a text", "write a text in quotes"),
        }
    }

    /// A text that `parse` understands; its error says what is wrong.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        setting: Setting,
        advice: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(setting)?;
        match parse(text.trim()) {
            Ok(value) => Some(value),
            Err(error) => {
                let fault = if setting.is_secret() {
                    error.to_string()
                } else {
                    format!("{}: {error}", quote(&text))
                };
                self.wrong(setting, fault, advice);
                None
            }
        }
    }

    /// A whole number, also written as a text.
    pub(super) fn integer<T>(&mut self, setting: Setting, range: &RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<u64> + PartialOrd + Display,
    {
        let number = match &self.values.get(&setting)?.raw {
            Raw::Number(number) => number.as_u64(),
            Raw::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        let value = number.and_then(|number| T::try_from(number).ok());
        if value.as_ref().is_some_and(|value| range.contains(value)) {
            return value;
        }
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.unfit(setting, &wanted, "give one")
    }

    /// A number with a fraction, also written as a text.
    pub(super) fn fraction(
        &mut self,
        setting: Setting,
        range: &RangeInclusive<f64>,
    ) -> Option<f64> {
        let number = match &self.values.get(&setting)?.raw {
            Raw::Number(number) => number.as_f64(),
            Raw::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        if number.is_some_and(|number| range.contains(&number)) {
            return number;
        }
        let wanted = format!("a number from {} to {}", range.start(), range.end());
        self.unfit(setting, &wanted, "give one")
    }

    /// `true` or `false`, also written as a text.
    pub(super) fn boolean(&mut self, setting: Setting) -> Option<bool> {
        match &self.values.get(&setting)?.raw {
            Raw::Bool(value) => Some(*value),
            Raw::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Raw::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            _ => self.unfit(setting, "true or false", "write one of the two"),
        }
    }

    /// A list of texts; from the environment, separated by commas.
    pub(super) fn list(&mut self, setting: Setting) -> Option<Vec<String>> {
        let value = self.values.get(&setting)?;
        let list = match (&value.raw, &value.origin) {
            (Raw::List(items), _) => items
                .iter()
                .map(|item| match item {
                    Raw::Text(text) => Some(text.trim().to_owned()),
                    _ => None,
                })
                .collect(),
            (Raw::Text(text), Origin::Variable(_)) => Some(
                text.split(',')
                    .map(|item| item.trim().to_owned())
                    .filter(|item| !item.is_empty())
                    .collect(),
            ),
            _ => None,
        };
        list.or_else(|| self.unfit(setting, "a list of texts", "write [\"…\", \"…\"]"))
    }

    fn unfit<T>(&mut self, setting: Setting, wanted: &str, advice: &str) -> Option<T> {
        let found = self.values.get(&setting)?.raw.describe(setting.is_secret());
        let fault = format!("found {found}, expected {wanted}");
        self.wrong(setting, fault, advice);
        None
    }
}
