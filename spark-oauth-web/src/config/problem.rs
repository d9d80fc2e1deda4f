//! What is wrong with a configuration, and what is doubtful about it.

use std::fmt;

/// A mistake that ends the start: where it is, what it is and what to do.
///
/// The value of a secret never stands in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting (`oauth.clientID`), the environment variable or the file, and
    /// in brackets where its value came from.
    pub place: String,
    /// What was found.
    pub fault: String,
    /// What to do about it.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.fault, self.advice)
    }
}

/// Something that works, but that an operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The setting, the environment variable or the file.
    pub place: String,
    /// What to know, and what to do about it.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// All mistakes of a configuration at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    problems: Vec<Problem>,
}

impl ConfigErrors {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// The mistakes, in the order in which they were found. There is at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigErrors {
    /// A heading and one line for each mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("the configuration has a mistake:")?,
            count => write!(f, "the configuration has {count} mistakes:")?,
        }
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// What was found while a configuration is read.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Warning>,
}

impl Findings {
    pub(super) fn problem(
        &mut self,
        place: impl Into<String>,
        fault: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.problems.push(Problem {
            place: place.into(),
            fault: fault.into(),
            advice: advice.into(),
        });
    }

    pub(super) fn warn(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.warnings.push(Warning {
            place: place.into(),
            text: text.into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_has_a_line_of_its_own() {
        let mut findings = Findings::default();
        findings.problem("server.port", "found 0.5", "give a whole number");
        findings.problem("store", "missing", "add it");
        let shown = ConfigErrors::new(findings.problems).to_string();
        assert_eq!(
            shown,
            "the configuration has 2 mistakes:\n  server.port: found 0.5; give a whole number\n  \
             store: missing; add it"
        );
    }
}
