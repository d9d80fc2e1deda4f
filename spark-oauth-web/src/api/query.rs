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
pub(crate) struct Query(Vec<(String, Value)>);

/// The value of a parameter, as it was sent and decoded.
#[derive(Debug)]
struct Value {
    sent: String,
    /// With a space for every plus, as forms are encoded (WHATWG URL, section 5.1).
    decoded: String,
}

impl Query {
    /// Reads a query.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Problem> {
        let pairs = text.unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode_form(name).ok_or_else(|| undecodable("the name of a parameter"))?;
            let decoded = decode_form(value).ok_or_else(|| undecodable(&shown(&name)))?;
            let sent = value.to_owned();
            Ok((name, Value { sent, decoded }))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// Every name and value.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (&**name, &*value.decoded))
    }

    /// Takes a parameter that may be given once.
    pub(crate) fn one<T, E: Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        self.only(name, |value| read(&value.decoded))
    }

    /// Takes a parameter whose value never holds a space, such as an address or a time:
    /// a plus that was not percent-encoded is a plus.
    pub(crate) fn one_without_spaces<T, E: Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        self.only(name, |value| {
            // Both decode, or neither does.
            read(&decode(&value.sent).unwrap_or_default())
        })
    }

    fn only<T, E: Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        match &self.take(name)[..] {
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
        let values = self.take(name).into_iter();
        values.map(|value| value.decoded).collect()
    }

    fn take(&mut self, name: &str) -> Vec<Value> {
        let taken = self.0.extract_if(.., |(given, _)| given == name);
        taken.map(|(_, value)| value).collect()
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

/// The text that was encoded as forms are, with a plus for a space.
fn decode_form(text: &str) -> Option<String> {
    decode(&text.replace('+', " "))
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
    percent_decode_str(text)
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
    fn a_plus_is_a_plus_where_no_space_can_be() {
        let text = |text: &str| Ok::<_, String>(text.to_owned());
        for (sent, read) in [
            ("ann+x@example.com", "ann+x@example.com"),
            ("ann%2Bx%40example.com", "ann+x@example.com"),
            ("ann%2bx@example.com", "ann+x@example.com"),
            ("ann%20x@example.com", "ann x@example.com"),
            ("%2B+%252B", "++%2B"),
            ("2026-12-01T00:00:00+02:00", "2026-12-01T00:00:00+02:00"),
        ] {
            let mut query = Query::parse(Some(&format!("value={sent}"))).unwrap();
            let value = query.one_without_spaces("value", text).unwrap();
            assert_eq!(value.as_deref(), Some(read), "{sent}");
        }
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
            let read: Vec<_> = query
                .pairs()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn no_query_makes_reading_it_panic(text in ".{0,100}") {
            let _ = Query::parse(Some(&text));
        }
    }
}
