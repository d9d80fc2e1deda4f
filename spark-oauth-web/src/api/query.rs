//! Queries, read strictly: what is not understood is refused, never ignored.

use std::fmt::Display;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::problem::Problem;

/// How much of a foreign name an error repeats.
const SHOWN: usize = 64;

/// The parameters of a request. Each call takes those it knows, then says that this
/// is the [`end`](Self::end).
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Problem> {
        let pairs = text.unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| undecodable("the name of a parameter"))?;
            let value = decode(value).ok_or_else(|| undecodable(&shown(&name)))?;
            Ok((name, value))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// Every name and value.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Takes a parameter that may be given once.
    pub(crate) fn one<T, E: Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        match &self.many(name)[..] {
            [] => Ok(None),
            [value] => read(value)
                .map(Some)
                .map_err(|wrong| Problem::invalid(format!("parameter {name}: {wrong}"))),
            _ => Err(Problem::invalid(format!(
                "parameter {name}: it may be given once"
            ))),
        }
    }

    /// Takes every value of a parameter.
    pub(crate) fn many(&mut self, name: &str) -> Vec<String> {
        self.0
            .extract_if(.., |(given, _)| given == name)
            .map(|(_, value)| value)
            .collect()
    }

    /// Refuses what nobody took.
    pub(crate) fn end(self) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Problem::invalid(format!(
                "parameter {}: this call does not know it",
                shown(name)
            ))),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query())
    }
}

fn undecodable(what: &str) -> Problem {
    Problem::invalid(format!(
        "{what}: it is not UTF-8 in percent-encoding, with two hexadecimal digits behind each %"
    ))
}

/// A foreign name, with nothing in it that cannot be seen.
fn shown(name: &str) -> String {
    let short: String = name.chars().take(SHOWN).collect();
    format!("{short:?}")
}

/// The text that was encoded; `None` where it was not encoded as it must be.
fn decode(text: &str) -> Option<String> {
    let is_whole =
        |code: &[u8]| matches!(code, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    if !text
        .split('%')
        .skip(1)
        .all(|code| is_whole(code.as_bytes()))
    {
        return None;
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(query: &str) -> String {
        let read = |text: &str| text.parse::<u8>();
        let refused = Query::parse(Some(query)).and_then(|mut query| {
            query.one("limit", read)?;
            query.end()
        });
        refused.unwrap_err().detail().to_owned()
    }

    #[test]
    fn what_is_known_is_taken_and_decoded() {
        let mut query = Query::parse(Some("a=x%20y&b=1+2&&a=%C3%A9&c")).unwrap();
        assert_eq!(query.many("a"), ["x y", "é"]);
        let text = |text: &str| Ok::<_, String>(text.to_owned());
        assert_eq!(query.one("b", text).unwrap().as_deref(), Some("1 2"));
        assert_eq!(query.one("c", text).unwrap().as_deref(), Some(""));
        query.end().unwrap();
        Query::parse(None).unwrap().end().unwrap();
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            refusal("limitt=1"),
            "parameter \"limitt\": this call does not know it"
        );
        assert_eq!(
            refusal("limit=1&limit=1"),
            "parameter limit: it may be given once"
        );
        assert!(refusal("limit=x").starts_with("parameter limit: "));
        for query in ["limit=%", "limit=%2", "limit=%zz", "limit=%ff"] {
            assert!(refusal(query).starts_with("\"limit\": it is not UTF-8"));
        }
        assert!(refusal("%ff=1").starts_with("the name of a parameter: "));
        assert!(refusal(&"x".repeat(9_000)).len() < 200);
    }

    proptest! {
        #[test]
        fn what_was_encoded_reads_back(pairs in prop::collection::vec(("[^&=]{1,9}", ".{0,9}"), 0..5)) {
            let text = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&pairs)
                .finish();
            let query = Query::parse(Some(&text)).unwrap();
            prop_assert_eq!(query.0, pairs);
        }

        #[test]
        fn no_query_makes_reading_it_panic(text in ".{0,100}") {
            let _ = Query::parse(Some(&text));
        }
    }
}
