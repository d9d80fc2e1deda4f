//! What a list of tokens asks for, and by which index each part of it is found.

use mongodb::bson::{Document, doc};
use spark_oauth_core::api_keys::{DomainName, Reach};
use spark_oauth_core::ports::TokenFilter;
use spark_oauth_core::token::StatusKind;
use spark_oauth_core::{EmailAddress, Scopes, Timestamp};

use crate::grams::{Part, literal};
use crate::token_document::TokenDocument;
use crate::values::date;

/// How many numbers the first window holds at least.
const FIRST_WINDOW: i64 = 128;
/// How many, where records must be looked at.
const FIRST_WALK: i64 = 1_024;
/// How many records are looked at by one query at most.
const LAST_WALK: i64 = 65_536;
/// How much wider the next window is.
const WIDER: i64 = 8;

/// What a list asks for.
pub(crate) struct Search {
    status: Option<&'static str>,
    expiring_before: Option<Timestamp>,
    scopes: Scopes,
    reach: Reach,
    part: Option<Part>,
}

/// Whose tokens are gone through, by an index of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Everybody's.
    Everybody,
    /// Those of one address: few.
    Address(String),
    /// Those of whoever has an address in a domain.
    Domain(String),
}

impl Search {
    /// `None` where nothing can fit.
    pub(crate) fn new(filter: &TokenFilter) -> Option<Self> {
        let part = filter
            .email_part
            .as_deref()
            .map(EmailAddress::normalize_part);
        let part = match part.filter(|part| !part.is_empty()) {
            None => None,
            Some(part) => Some(Part::new(&part, EmailAddress::MAX_LENGTH)?),
        };
        Some(Self {
            status: filter.status.map(StatusKind::as_str),
            expiring_before: filter.expiring_before,
            scopes: filter.scopes.clone(),
            reach: filter.reach.clone(),
            part,
        })
    }

    /// The ways that together lead to every token that may be seen; a token may lie on
    /// two of them.
    pub(crate) fn ways(&self) -> Vec<Way> {
        if self.reach.is_everybody() {
            return vec![Way::Everybody];
        }
        let part = self.part.as_ref();
        let search_text = |email: &str| Some(EmailAddress::parse(email).ok()?.search_text());
        let fits = |email: &&str| {
            part.is_none_or(|part| search_text(email).is_none_or(|text| part.is_in(&text)))
        };
        let addresses = self.reach.emails().filter(fits);
        let addresses = addresses.map(|email| Way::Address(email.to_owned()));
        let domains = self.reach.domains().map(DomainName::as_str);
        let domains = domains.map(|domain| Way::Domain(domain.to_owned()));
        addresses.chain(domains).collect()
    }

    /// How wide the first window of numbers is, where so many tokens are wanted.
    pub(crate) fn first_window(&self, wanted: usize) -> i64 {
        let least = if self.must_look() {
            FIRST_WALK
        } else {
            FIRST_WINDOW
        };
        let twice = i64::try_from(wanted).unwrap_or(i64::MAX).saturating_mul(2);
        twice.max(least)
    }

    pub(crate) fn next_window(&self, width: i64) -> i64 {
        let wider = width.saturating_mul(WIDER);
        if self.must_look() {
            wider.min(LAST_WALK.max(width))
        } else {
            wider
        }
    }

    /// Whether no index picks the tokens, so that one by one is looked at.
    fn must_look(&self) -> bool {
        self.part.is_some() || self.expiring_before.is_some() || !self.scopes.is_empty()
    }

    /// The piece by whose index the rest of a way is found; `None` where it has to be
    /// walked.
    pub(crate) fn piece(&self, way: &Way) -> Option<&str> {
        let part = self.part.as_ref()?;
        match way {
            Way::Everybody => part.piece(),
            // Everybody of another domain may have the piece as well.
            Way::Domain(_) if part.names_somebody() => part.piece(),
            Way::Domain(_) | Way::Address(_) => None,
        }
    }

    /// The filter for a window of a way whose tokens are looked at one by one.
    ///
    /// What the index is to be chosen by stands first, here and below: some servers
    /// go by that.
    pub(crate) fn by_look(&self, way: &Way, numbers: Document) -> Document {
        let mut filter = way.filter();
        filter.insert("seq", numbers);
        filter.extend(self.of_status());
        if let Some(part) = self.part.as_ref().filter(|_| way.is_open()) {
            filter.insert("email_search", doc! { "$regex": part.pattern() });
        }
        filter.extend(self.of_the_rest(None));
        filter
    }

    /// The filter for what the index of pieces finds of a way.
    pub(crate) fn by_piece(&self, way: &Way, piece: &str, numbers: Document) -> Document {
        let mut filter = doc! { "email_grams": piece, "seq": numbers };
        filter.extend(self.of_status());
        if let Some(part) = self.part.as_ref().filter(|part| !part.is_a_piece()) {
            filter.insert("email_search", doc! { "$regex": part.pattern() });
        }
        filter.extend(self.of_the_rest(way.end()));
        filter
    }

    fn of_status(&self) -> Document {
        match self.status {
            None => Document::new(),
            Some(status) => doc! { "status.kind": status },
        }
    }

    /// What no index of this crate begins with, and what addresses must end with.
    /// Scopes are whole words.
    fn of_the_rest(&self, address_end: Option<String>) -> Document {
        let mut filter = Document::new();
        if let Some(end) = self.expiring_before {
            filter.insert("access_expires_at", doc! { "$lt": date(end) });
        }
        let words = self.scopes.iter().map(|scope| {
            let word = format!("(^| ){}( |$)", literal(scope));
            doc! { "scopes": { "$regex": word } }
        });
        let end = address_end.map(|end| doc! { "email_normalized": { "$regex": end } });
        let patterns: Vec<_> = words.chain(end).collect();
        if !patterns.is_empty() {
            filter.insert("$and", patterns);
        }
        filter
    }

    /// Whether the token's address, and not only what it is found by, is one whose
    /// tokens may be seen. A process of an earlier schema may have changed the one
    /// without the other.
    pub(crate) fn may_show(&self, token: &TokenDocument) -> bool {
        self.reach.is_everybody()
            || token
                .held_email()
                .is_some_and(|email| self.reach.covers(&email))
    }
}

impl Way {
    fn filter(&self) -> Document {
        match self {
            Self::Everybody => Document::new(),
            Self::Address(email) => doc! { "email_normalized": email },
            Self::Domain(domain) => doc! { "email_domain": domain },
        }
    }

    /// A regular expression for how addresses on the way end, where another index than
    /// that of the domain is to be chosen.
    fn end(&self) -> Option<String> {
        match self {
            Self::Domain(domain) => Some(format!("@{}$", literal(domain))),
            Self::Everybody | Self::Address(_) => None,
        }
    }

    /// Whether the way does not name the address itself.
    fn is_open(&self) -> bool {
        !matches!(self, Self::Address(_))
    }

    /// Whether so few tokens lie on it that one query goes to its end.
    pub(crate) fn is_short(&self) -> bool {
        matches!(self, Self::Address(_))
    }
}
