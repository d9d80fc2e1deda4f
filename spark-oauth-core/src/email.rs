//! E-mail addresses, as far as this product needs to know one.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An e-mail address: kept as written, and compared so that two people never match.
///
/// - The local part is compared byte by byte after lower-casing ASCII. RFC 5321
///   section 2.4 lets it differ by case; Webex makes no such difference. Unicode case
///   folding would turn U+212A (KELVIN SIGN) into `k`, and so give one person the
///   tokens of another.
/// - The domain is compared by its A-label (UTS #46, non-transitional), so that
///   `bücher.example` and `xn--bcher-kva.example` are the same. A domain without
///   an A-label is compared like the local part: the provider may use such a domain, and
///   the person must still be able to consent.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    written: String,
    normalized: String,
}

/// Why a text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// Nothing was given.
    #[error("an e-mail address is needed")]
    Empty,
    /// The text does not have the form `name@domain`.
    #[error("an e-mail address has the form name@example.com")]
    Malformed,
    /// It is longer than [`EmailAddress::MAX_LENGTH`].
    #[error("an e-mail address has at most 254 characters")]
    TooLong,
}

/// What no domain contains after its mapping: UTS #46 maps `＠` to `@`, which would make
/// one domain the end of another.
const FORBIDDEN: idna::AsciiDenyList = idna::AsciiDenyList::STD3;

impl EmailAddress {
    /// The longest address, in characters, as JSON Schema and the error count them
    /// (RFC 5321 section 4.5.3.1.3, less the brackets, counts octets).
    pub const MAX_LENGTH: usize = 254;

    /// Reads an address; surrounding ASCII white space is dropped.
    ///
    /// # Errors
    /// [`InvalidEmail`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Err(InvalidEmail::Empty);
        }
        if text.chars().count() > Self::MAX_LENGTH {
            return Err(InvalidEmail::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail::Malformed)?;
        let foreign = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\".contains(c);
        let labels_are_whole = domain.split('.').all(|label| !label.is_empty());
        if local.is_empty() || text.chars().any(foreign) || local.contains('@') || !labels_are_whole
        {
            return Err(InvalidEmail::Malformed);
        }
        let a_label = idna::domain_to_ascii_cow(domain.as_bytes(), FORBIDDEN).ok();
        // UTS #46 drops some characters: of a domain of nothing else no label is left.
        let a_label = a_label.filter(|label| label.split('.').all(|label| !label.is_empty()));
        let domain = a_label.map_or_else(|| domain.to_ascii_lowercase(), Cow::into_owned);
        Ok(Self {
            normalized: format!("{}@{domain}", local.to_ascii_lowercase()),
            written: text.to_owned(),
        })
    }

    /// Normalizes a name that may be an address: [`normalized`](Self::normalized) for an
    /// address, else lower-cased in ASCII.
    pub fn normalize(name: &str) -> String {
        match Self::parse(name) {
            Ok(email) if email.written == name => email.normalized,
            _ => name.to_ascii_lowercase(),
        }
    }

    /// Normalizes a part of an address for a search in [`search_text`](Self::search_text):
    /// lower-cased in ASCII, with a non-ASCII domain in Unicode.
    pub fn normalize_part(part: &str) -> String {
        match part.rsplit_once('@') {
            // The beginning of an A-label may look like another complete one.
            Some((local, domain)) if !domain.is_ascii() => {
                format!("{}@{}", local.to_ascii_lowercase(), unicode(domain))
            }
            _ => part.to_ascii_lowercase(),
        }
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The normalized address, which is the same for equal addresses. Stores compare it.
    pub fn normalized(&self) -> &str {
        &self.normalized
    }

    /// The text that stores search for a part of an address: the normalized address. For an
    /// internationalized domain, a space and the address with the domain in Unicode follow,
    /// so that a search finds a part of either form.
    pub fn search_text(&self) -> String {
        let (local, domain) = self.normalized.rsplit_once('@').unwrap_or_default();
        let unicode = unicode(domain);
        if unicode == domain {
            self.normalized.clone()
        } else {
            format!("{} {local}@{unicode}", self.normalized)
        }
    }

    /// The address with nothing of the name but its first character, for somebody who
    /// may not be its owner: `a•••@example.org`.
    pub fn masked(&self) -> String {
        let first = self.written.chars().next();
        let domain = self
            .written
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain);
        format!("{}•••@{domain}", first.unwrap_or('•'))
    }

    /// The part behind the `@`, normalized.
    pub fn domain(&self) -> &str {
        self.normalized
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain)
    }
}

/// A domain, or the beginning of one, in Unicode; lower-cased in ASCII if it is invalid.
fn unicode(domain: &str) -> String {
    let mapping = idna::uts46::Uts46::new();
    match mapping.to_unicode(domain.as_bytes(), FORBIDDEN, idna::uts46::Hyphens::Allow) {
        (unicode, Ok(())) => unicode.into_owned(),
        (_, Err(_)) => domain.to_ascii_lowercase(),
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.normalized == other.normalized
    }
}

impl Eq for EmailAddress {}

impl std::hash::Hash for EmailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.normalized.hash(state);
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        Self::parse(text)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(email: EmailAddress) -> Self {
        email.written
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_without_regard_to_case_and_keeps_what_was_written() {
        let written = EmailAddress::parse(" Alice@Example.com ").unwrap();
        assert_eq!(written, EmailAddress::parse("alice@example.COM").unwrap());
        assert_eq!(written.as_str(), "Alice@Example.com");
        assert_eq!(written.domain(), "example.com");
    }

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    #[test]
    fn no_unicode_folding_or_normalization_makes_two_addresses_equal() {
        for (one, other) in [
            ("kate@example.com", "\u{212A}ate@example.com"),
            ("strasse@example.com", "straße@example.com"),
            ("mike@example.com", "m\u{131}ke@example.com"),
            ("MIKE@example.com", "m\u{130}ke@example.com"),
            ("zoë@example.com", "ZOË@example.com"),
            ("zo\u{eb}@example.com", "zoe\u{308}@example.com"),
            ("finn@example.com", "\u{fb01}nn@example.com"),
            ("ann@example.com", "\u{ff41}nn@example.com"),
            ("ann@example.com", "a\u{200b}nn@example.com"),
            ("ann@example.com", "a\u{ad}nn@example.com"),
            ("οδος@example.com", "οδοσ@example.com"),
            ("paypal@example.com", "p\u{430}ypal@example.com"),
            ("a@strasse.example", "a@straße.example"),
        ] {
            assert_ne!(address(one), address(other), "{one} {other}");
            assert_ne!(EmailAddress::normalize(one), EmailAddress::normalize(other));
        }
    }

    /// UTS #46 maps these characters to `@`, `,`, `<`, `/`, `:` and `%`.
    #[test]
    fn no_character_of_a_domain_becomes_a_separator() {
        for c in [
            '\u{ff20}', '\u{fe6b}', '\u{ff0c}', '\u{ff1c}', '\u{ff0f}', '\u{ff1a}', '\u{ff05}',
        ] {
            let address = address(&format!("a@evil{c}example.com"));
            assert_eq!(address.domain(), format!("evil{c}example.com"));
            assert_eq!(address.search_text().matches('@').count(), 1);
        }
    }

    #[test]
    fn domains_are_equal_by_their_a_label() {
        for (one, other) in [
            ("a@bücher.example", "a@xn--bcher-kva.example"),
            ("A@BÜCHER.Example", "a@XN--BCHER-KVA.example"),
            ("a@bu\u{308}cher.example", "a@bücher.example"),
            ("a@faß.example", "a@xn--fa-hia.example"),
            ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
            ("a@例え。テスト", "a@xn--r8jz45g.xn--zckzah"),
            ("a@EXAMPLE.com", "a@example.com"),
        ] {
            assert_eq!(address(one), address(other), "{one} {other}");
            assert_eq!(address(one).domain(), address(other).domain());
            assert_eq!(EmailAddress::normalize(one), EmailAddress::normalize(other));
        }
        assert_eq!(address("a@bücher.example").as_str(), "a@bücher.example");
    }

    #[test]
    fn a_domain_without_an_a_label_still_makes_an_address() {
        for domain in [
            "xn--a",
            "xn--zzzzzz.example",
            "-a.example",
            "a_b.example",
            "\u{ad}",
        ] {
            let written = format!("a@{domain}");
            assert_eq!(
                address(&written),
                address(&written.to_uppercase()),
                "{domain}"
            );
            assert_eq!(address(address(&written).normalized()), address(&written));
        }
        assert_ne!(address("a@\u{ad}.example"), address("a@example"));
    }

    #[test]
    fn a_part_in_either_form_is_in_the_search_text() {
        for (whole, parts) in [
            (
                "ann@example.com",
                &["NN", "n@e", "EXAMPLE", "@example.com"][..],
            ),
            (
                "Ann@bücher.example",
                &[
                    "bücher",
                    "xn--bcher",
                    "ann@bücher.example",
                    "n@BÜCH",
                    "ANN@XN--BCHER-KVA.EXAMPLE",
                ],
            ),
            (
                "zoë@xn--bcher-kva.example",
                &["zoë@bücher", "oë@xn--bch", "@bücher.example"],
            ),
        ] {
            let text = address(whole).search_text();
            for part in parts {
                let part = EmailAddress::normalize_part(part);
                assert!(text.contains(&part), "{part} in {text}");
            }
        }
        assert_eq!(address("Ann@Example.com").search_text(), "ann@example.com");
        let kate = address("kate@example.com").search_text();
        assert!(!kate.contains(&EmailAddress::normalize_part("\u{212A}ate")));
    }

    #[test]
    fn refuses_what_is_no_address() {
        for (text, why) in [
            ("  ", InvalidEmail::Empty),
            ("alice", InvalidEmail::Malformed),
            ("@example.com", InvalidEmail::Malformed),
            ("alice@", InvalidEmail::Malformed),
            ("alice@example..com", InvalidEmail::Malformed),
            ("a b@example.com", InvalidEmail::Malformed),
            ("a\n@example.com", InvalidEmail::Malformed),
            ("\u{a0}a@example.com", InvalidEmail::Malformed),
            ("a@example.com\u{3000}", InvalidEmail::Malformed),
            ("<a@example.com>", InvalidEmail::Malformed),
        ] {
            assert_eq!(EmailAddress::parse(text).unwrap_err(), why, "{text:?}");
        }
    }

    #[test]
    fn the_longest_address_is_counted_in_characters() {
        for letter in ["a", "é", "😀"] {
            let of = |length: usize| format!("{}@example.com", letter.repeat(length - 12));
            assert!(EmailAddress::parse(&of(254)).is_ok(), "{letter}");
            let refused = EmailAddress::parse(&of(255)).unwrap_err();
            assert_eq!(refused, InvalidEmail::TooLong, "{letter}");
        }
    }
}
