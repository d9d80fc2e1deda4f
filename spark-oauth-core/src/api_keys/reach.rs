//! Whose tokens an API key is good for.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;
use crate::token::Token;

/// Whose tokens a key is good for: everybody's, unless addresses or domains are
/// named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    emails: BTreeSet<String>,
    domains: BTreeSet<DomainName>,
}

/// The part of an e-mail address behind the `@`, normalized as [`EmailAddress`] does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

/// A text that is no domain of an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a domain is what stands behind the @ of an e-mail address, such as example.com")]
pub struct InvalidDomain;

impl DomainName {
    /// Reads a domain, with or without a leading `@`, in Unicode or as A-labels.
    ///
    /// # Errors
    /// [`InvalidDomain`] where no address has such a domain, which includes patterns such
    /// as `*.example.com`, or where it is not ASCII and has no A-label.
    pub fn parse(text: &str) -> Result<Self, InvalidDomain> {
        let text = text.trim();
        let domain = text.strip_prefix('@').unwrap_or(text);
        if domain.contains('@') {
            return Err(InvalidDomain);
        }
        let address = EmailAddress::parse(&format!("a@{domain}")).map_err(|_| InvalidDomain)?;
        let domain = Some(address.domain().to_owned());
        // No address has a `*`: a pattern would cover no one.
        let domain = domain.filter(|domain| domain.is_ascii() && !domain.contains('*'));
        domain.map(Self).ok_or(InvalidDomain)
    }
}

impl DomainName {
    /// The domain, normalized.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DomainName {
    type Error = InvalidDomain;

    fn try_from(text: String) -> Result<Self, InvalidDomain> {
        Self::parse(&text)
    }
}

impl From<DomainName> for String {
    fn from(domain: DomainName) -> Self {
        domain.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Reach {
    /// Everybody.
    pub fn everybody() -> Self {
        Self::default()
    }

    /// These addresses, and whoever has an address in these domains. Without any,
    /// everybody.
    pub fn of(
        emails: impl IntoIterator<Item = EmailAddress>,
        domains: impl IntoIterator<Item = DomainName>,
    ) -> Self {
        Self {
            emails: emails
                .into_iter()
                .map(|email| email.normalized().to_owned())
                .collect(),
            domains: domains.into_iter().collect(),
        }
    }

    /// Whether it covers everybody.
    pub fn is_everybody(&self) -> bool {
        self.emails.is_empty() && self.domains.is_empty()
    }

    /// Whether it covers this person. A subdomain is another domain.
    pub fn covers(&self, email: &EmailAddress) -> bool {
        self.is_everybody()
            || self.emails.contains(email.normalized())
            || self.domains.iter().any(|domain| domain.0 == email.domain())
    }

    /// Whether it covers the token's person. A restricted key does not cover a token
    /// whose address now belongs to another person.
    pub fn covers_token(&self, token: &Token) -> bool {
        self.is_everybody() || token.held_email().is_some_and(|email| self.covers(email))
    }

    /// The addresses, normalized.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        self.emails.iter().map(String::as_str)
    }

    /// The domains.
    pub fn domains(&self) -> impl Iterator<Item = &DomainName> {
        self.domains.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    #[test]
    fn without_limits_everybody_is_covered() {
        assert!(Reach::everybody().covers(&email("ann@example.org")));
    }

    #[test]
    fn an_address_or_a_domain_covers_whatever_its_case() {
        let domain = DomainName::parse("@Example.COM").unwrap();
        let reach = Reach::of([email("Ann@example.org")], [domain]);
        assert!(reach.covers(&email("ann@EXAMPLE.org")));
        assert!(reach.covers(&email("bob@example.com")));
        for stranger in ["bob@example.org", "bob@sub.example.com", "a@notexample.com"] {
            assert!(!reach.covers(&email(stranger)), "{stranger}");
        }
    }

    #[test]
    fn an_internationalized_domain_is_covered_in_either_form() {
        for (limit, person) in [
            ("bücher.example", "ann@xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "ann@BÜCHER.example"),
        ] {
            let domain = DomainName::parse(limit).unwrap();
            assert_eq!(domain.as_str(), "xn--bcher-kva.example");
            assert!(Reach::of([], [domain]).covers(&email(person)));
            let address = email(&format!("ann@{limit}"));
            assert!(Reach::of([address], []).covers(&email(person)));
        }
    }

    #[test]
    fn another_character_that_folds_to_the_same_letter_is_not_covered() {
        let reach = Reach::of([email("kate@example.com")], []);
        assert!(!reach.covers(&email("\u{212A}ate@example.com")));
    }

    #[test]
    fn what_no_address_ends_with_is_no_domain() {
        for text in [
            "",
            "@",
            "a@b.example",
            "a b",
            "example..com",
            "\u{ad}",
            "\u{fffd}.example",
            "*.example.com",
            "*",
            "evil\u{ff20}example.com",
        ] {
            assert_eq!(DomainName::parse(text), Err(InvalidDomain), "{text}");
        }
    }
}
