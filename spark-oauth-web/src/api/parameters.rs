//! Parameters that several calls share: how they are read, and how far they go.

use std::num::NonZeroU16;
use std::time::Duration;

use spark_oauth_core::Scopes;

use super::problem::Problem;
use super::query::Query;

/// The longest life that can be asked for: a day. No provider promises more for
/// sure, and who needs a token for longer fetches one again.
pub(super) const LONGEST_MIN_TTL: u64 = 86_400;

/// The life that is asked for where nothing is said, in seconds.
pub(super) const USUAL_MIN_TTL: u64 = 60;

/// How many records a page has where nothing is said.
pub(super) const USUAL_LIMIT: NonZeroU16 = NonZeroU16::new(50).unwrap();

/// The longest page.
pub(super) const LARGEST_LIMIT: u16 = 200;

/// How often `scope` may be given, and how many scopes each may name.
const MOST_SCOPES: usize = 10;

/// `min_ttl`, in seconds.
pub(super) fn min_ttl(query: &mut Query) -> Result<Duration, Problem> {
    let seconds = query.one("min_ttl", |text| {
        number(text, LONGEST_MIN_TTL)
            .ok_or_else(|| format!("a whole number of seconds from 0 to {LONGEST_MIN_TTL}"))
    })?;
    Ok(Duration::from_secs(seconds.unwrap_or(USUAL_MIN_TTL)))
}

/// `limit`.
pub(super) fn limit(query: &mut Query) -> Result<NonZeroU16, Problem> {
    let limit = query.one("limit", |text| {
        number(text, LARGEST_LIMIT.into())
            .and_then(|number| u16::try_from(number).ok())
            .and_then(NonZeroU16::new)
            .ok_or_else(|| format!("a whole number from 1 to {LARGEST_LIMIT}"))
    })?;
    Ok(limit.unwrap_or(USUAL_LIMIT))
}

/// `scope`: repeated, or several separated by spaces.
pub(super) fn scopes(query: &mut Query) -> Result<Scopes, Problem> {
    let wrong = |wrong: String| Problem::invalid(format!("parameter scope: {wrong}"));
    let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
    let values = query.many("scope");
    let is_list = |value: &String| {
        let mut names = value.split(' ');
        names.clone().count() <= MOST_SCOPES && names.all(is_name)
    };
    if values.len() > MOST_SCOPES || !values.iter().all(is_list) {
        return Err(wrong(format!(
            "up to {MOST_SCOPES} times up to {MOST_SCOPES} scopes, with one space between them"
        )));
    }
    Scopes::parse(&values.join(" ")).map_err(|error| wrong(error.to_string()))
}

/// Digits and nothing else, and no more than `most`.
fn number(text: &str, most: u64) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_number)?;
    (number <= most).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(Some(text)).unwrap()
    }

    #[test]
    fn numbers_are_digits_within_their_bounds() {
        let min_ttl = |text: &str| min_ttl(&mut query(text)).ok().map(|life| life.as_secs());
        assert_eq!(min_ttl(""), Some(60));
        assert_eq!(min_ttl("min_ttl=0"), Some(0));
        assert_eq!(min_ttl("min_ttl=86400"), Some(86_400));
        let limit = |text: &str| limit(&mut query(text)).ok().map(NonZeroU16::get);
        assert_eq!(limit(""), Some(50));
        assert_eq!(limit("limit=1"), Some(1));
        assert_eq!(limit("limit=200"), Some(200));
        for wrong in [
            "",
            "-1",
            "+1",
            "1.0",
            "1e2",
            "x",
            "%20 1",
            "86401",
            "99999999999999999999",
        ] {
            assert_eq!(
                min_ttl(&format!("min_ttl={}", wrong.replace('+', "%2B"))),
                None,
                "{wrong}"
            );
            assert_eq!(
                limit(&format!("limit={}", wrong.replace('+', "%2B"))),
                None,
                "{wrong}"
            );
        }
        assert_eq!((limit("limit=0"), limit("limit=201")), (None, None));
    }

    #[test]
    fn scopes_may_be_repeated_or_separated() {
        let scopes = |text: &str| scopes(&mut query(text)).map(|scopes| scopes.to_string());
        assert_eq!(scopes("").unwrap(), "");
        assert_eq!(scopes("scope=b+a&scope=c").unwrap(), "a b c");
        let wrong = scopes("scope=%22").unwrap_err();
        assert!(wrong.detail().starts_with("parameter scope: not a scope"));
        for wrong in ["", "+a", "a+", "a++b", "a%09b", "1+2+3+4+5+6+7+8+9+10+11"] {
            assert!(scopes(&format!("scope={wrong}")).is_err(), "{wrong}");
        }
        assert!(scopes(&"&scope=a".repeat(10)).is_ok());
        assert!(scopes(&"&scope=a".repeat(11)).is_err());
    }
}
