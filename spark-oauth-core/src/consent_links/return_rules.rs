//! Where a browser may be sent when a consent is done.

use url::{Position, Url};

use crate::consent_links::ReturnAddress;

/// The places that links may return to. Without a rule, there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnRules(Vec<ReturnRule>);

/// An origin, such as `https://app.example.com`, or a part of one, such as
/// `https://app.example.com/connected`, below which every address is allowed.
///
/// Scheme, host and port are those of the rule; a subdomain is another host. The path
/// is the rule's own or goes on behind a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnRule(Url);

/// A text that is no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a place to return to is an origin such as https://app.example.com, or the beginning of an \
     address below one, without user, password, query, fragment and wildcards"
)]
pub struct InvalidReturnRule;

impl ReturnRule {
    /// Reads a rule.
    ///
    /// # Errors
    /// [`InvalidReturnRule`] where it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidReturnRule> {
        let address = ReturnAddress::parse(text).map_err(|_| InvalidReturnRule)?;
        let url = address.url();
        let plain = url.query().is_none() && url.fragment().is_none() && !text.contains('*');
        if plain && !hides_a_path(url) {
            Ok(Self(url.clone()))
        } else {
            Err(InvalidReturnRule)
        }
    }

    /// The origin or address of the rule.
    pub const fn url(&self) -> &Url {
        &self.0
    }

    fn allows(&self, url: &Url) -> bool {
        // The parser writes host and port in one way only.
        let same_origin = self.0[..Position::BeforePath] == url[..Position::BeforePath];
        let prefix = self.0.path().trim_end_matches('/');
        let below = url.path().strip_prefix(prefix);
        let whole_segments = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        same_origin && whole_segments && (prefix.is_empty() || !hides_a_path(url))
    }
}

/// Whether some server may read the path as another one than is written.
fn hides_a_path(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    ["%2f", "%5c", "%2e", "//"]
        .iter()
        .any(|part| path.contains(part))
}

impl ReturnRules {
    /// Takes rules.
    pub fn new(rules: impl IntoIterator<Item = ReturnRule>) -> Self {
        Self(rules.into_iter().collect())
    }

    /// Whether nothing is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a link may return there.
    pub fn allow(&self, address: &ReturnAddress) -> bool {
        self.0.iter().any(|rule| rule.allows(address.url()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> ReturnRules {
        let texts = [
            "https://good.example",
            "https://part.example/app/",
            "http://127.0.0.1:8080",
        ];
        ReturnRules::new(texts.map(|text| ReturnRule::parse(text).unwrap()))
    }

    fn allowed(text: &str) -> bool {
        ReturnAddress::parse(text).is_ok_and(|address| rules().allow(&address))
    }

    #[test]
    fn what_lies_below_a_rule_is_allowed() {
        for text in [
            "https://good.example",
            "https://good.example/",
            "https://GOOD.example:443/a?b=c#d",
            "HTTPS://good.example/a//b",
            "https://part.example/app",
            "https://part.example/app/",
            "https://part.example/app/done?x=1",
            "https://part.example/other/../app/done",
            "http://127.0.0.1:8080/x",
        ] {
            assert!(allowed(text), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not() {
        for text in [
            "http://good.example/",
            "https://good.example.evil.com/",
            "https://good.example./",
            "https://evilgood.example/",
            "https://sub.good.example/",
            "https://good.example:8443/",
            "https://good.example@evil.com/",
            "https://good.example:443@evil.com/",
            "https://evil.com/https://good.example/",
            "https://evil.com\\@good.example/",
            "https://good.example\\.evil.com/",
            "//good.example/",
            "https:good.example/",
            "https:\\\\good.example/",
            "javascript:https://good.example/",
            "https://part.example/",
            "https://part.example/application",
            "https://part.example/app/../secret",
            "https://part.example/app/%2e%2e/secret",
            "https://part.example/app/..%2fsecret",
            "https://part.example/app/..%5Csecret",
            "http://127.0.0.1:80801/",
            "http://127.0.0.1/",
            "http://2130706433:8081/",
        ] {
            assert!(!allowed(text), "{text}");
        }
        assert!(!ReturnRules::default().allow(&ReturnAddress::parse("https://a.example").unwrap()));
    }

    #[test]
    fn a_rule_is_an_origin_or_the_beginning_of_an_address() {
        for text in [
            "",
            "*",
            "good.example",
            "https://*.good.example",
            "https://good.example/*",
            "https://u@good.example",
            "https://good.example/?a=b",
            "https://good.example/#a",
            "ftp://good.example",
            "https://good.example/a%2fb",
        ] {
            assert_eq!(ReturnRule::parse(text), Err(InvalidReturnRule), "{text}");
        }
    }
}
