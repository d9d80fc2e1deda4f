//! The parameters of an OAuth request, from a query or a form.

use thiserror::Error;
use url::form_urlencoded;

/// A parameter came twice, which RFC 6749 forbids (sections 3.1 and 3.2).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the parameter `{0}` must not be included more than once")]
pub(crate) struct RepeatedParameter(pub(crate) String);

/// Parameters by name; an empty value counts as absent (RFC 6749, section 3.1).
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn parse(encoded: &[u8]) -> Result<Self, RepeatedParameter> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(RepeatedParameter(name.chars().take(80).collect()));
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(
            parameters
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        ))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_empty_ones_absent() {
        let parameters = Parameters::parse(b"scope=spark%3Aall+spark%3Akms&state=").unwrap();
        assert_eq!(parameters.get("scope"), Some("spark:all spark:kms"));
        assert_eq!(parameters.get("state"), None);
    }

    #[test]
    fn a_repeated_parameter_is_refused() {
        let error = Parameters::parse(b"a=1&b=2&a=").unwrap_err();
        assert_eq!(error, RepeatedParameter("a".to_owned()));
    }
}
