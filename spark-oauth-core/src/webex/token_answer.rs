//! The answer of the token endpoint (RFC 6749 section 5.1), read with patience.
//!
//! The provider has already committed when it answers: whoever loses the answer
//! may lose the grant. So each field is read for itself, and what is wrong in
//! one, or behind one, costs no other.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use url::form_urlencoded;
use zeroize::{Zeroize as _, Zeroizing};

use crate::ports::TokenAnswer;
use crate::scopes::Scopes;
use crate::secret::{AccessToken, RefreshToken};

/// The longest access token, in bytes: what a header can be expected to carry.
pub const MAX_ACCESS_TOKEN: usize = 8 * 1024;

/// The longest lifetime that is believed: a hundred years.
const MAX_LIFETIME: Duration = Duration::from_hours(876_600);

/// Why an answer brought no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableTokenAnswer {
    /// The body holds no JSON object, and is no form.
    #[error("the answer is not a JSON object")]
    NotAnObject,
    /// `access_token` is absent, empty or no text.
    #[error("the answer holds no access token")]
    NoAccessToken,
    /// It is longer than [`MAX_ACCESS_TOKEN`], or holds characters that cannot
    /// go into a header (RFC 6750 section 2.1).
    #[error("the answer holds an access token that cannot be sent in a header")]
    UnusableAccessToken,
}

/// Reads the body of a successful answer. The provider's time stays open.
///
/// The body is a JSON object, with anything before and behind it, or a form, as some
/// servers answer whatever `Accept` says. If a field occurs twice, the last usable
/// value counts. Fields are tolerated as follows:
///
/// | field | accepted | otherwise |
/// |---|---|---|
/// | `access_token` | visible ASCII, up to 8 KiB | the answer is unreadable |
/// | `refresh_token` | any text that is not blank | `None` |
/// | `expires_in`, `refresh_token_expires_in` | a number or a text that holds one, one at least; fractions are dropped, more than a hundred years count as a hundred | `None`: nothing is known of the lifetime |
/// | `scope` | a text, or a list of texts, of valid scopes, separated by white space or commas | `None` |
/// | any other, `token_type` too | anything | |
///
/// # Errors
/// [`UnreadableTokenAnswer`] where there is no usable access token. It holds
/// nothing of the body.
pub fn parse_token_answer(body: &[u8]) -> Result<TokenAnswer, UnreadableTokenAnswer> {
    // A byte that is no UTF-8 in one field must not cost the others.
    let text = Zeroizing::new(String::from_utf8_lossy(body).into_owned());
    let fields = fields(&text)?;
    let text_field = |name| {
        let texts = fields.all(name).filter_map(text_of);
        texts.filter(|text| !text.trim().is_empty())
    };

    let is_usable = |token: &String| {
        token.len() <= MAX_ACCESS_TOKEN && token.bytes().all(|b| b.is_ascii_graphic())
    };
    let access_token =
        text_field("access_token").find(is_usable).ok_or_else(|| {
            match text_field("access_token").map(Zeroizing::new).next() {
                Some(_) => UnreadableTokenAnswer::UnusableAccessToken,
                None => UnreadableTokenAnswer::NoAccessToken,
            }
        })?;
    Ok(TokenAnswer {
        access_token: AccessToken::new(access_token),
        expires_in: fields.all("expires_in").find_map(lifetime),
        refresh_token: text_field("refresh_token").next().map(RefreshToken::new),
        refresh_token_expires_in: fields.all("refresh_token_expires_in").find_map(lifetime),
        scopes: fields.all("scope").find_map(scopes),
        provider_time: None,
    })
}

/// The fields of an answer with their values as JSON, in their original order.
struct Fields<'text>(Vec<(String, Cow<'text, str>)>);

impl Fields<'_> {
    /// The values of a field, the last one first.
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of_name = self.0.iter().rev().filter(move |(field, _)| field == name);
        of_name.map(|(_, value)| value.as_ref())
    }
}

impl Drop for Fields<'_> {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            if let Cow::Owned(value) = value {
                value.zeroize();
            }
        }
    }
}

/// The fields, as far as the text is JSON or a form.
fn fields(text: &str) -> Result<Fields<'_>, UnreadableTokenAnswer> {
    let form = form(text.trim_start_matches('\u{feff}').trim());
    if !form.0.is_empty() {
        return Ok(form);
    }
    // Skip a byte order mark, a guard against script inclusion, or a runtime warning.
    let object = text.find('{').map_or("", |start| &text[start..]);
    let mut fields = Fields(Vec::new());
    let mut json = serde_json::Deserializer::from_str(object);
    // What stands before a mistake counts, and so does an object with something
    // behind it.
    let whole = Collect(&mut fields.0).deserialize(&mut json);
    if whole.is_err() && fields.0.is_empty() {
        return Err(UnreadableTokenAnswer::NotAnObject);
    }
    // A number at the very end of a text that is cut may lack digits.
    let end = object.as_bytes().as_ptr_range().end;
    fields.0.retain(|(_, value)| {
        let is_last = value.as_bytes().as_ptr_range().end == end;
        !(is_last && value.ends_with(|c: char| c.is_ascii_digit()))
    });
    Ok(fields)
}

/// The fields of a form (RFC 6749 appendix B); none where the text is no form with an
/// access token.
fn form(text: &str) -> Fields<'_> {
    let is_form = text
        .split('&')
        .any(|pair| pair.starts_with("access_token="))
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '{' | '<' | '"'));
    let pairs = is_form.then(|| form_urlencoded::parse(text.as_bytes()));
    let as_json = |value: Cow<'_, str>| serde_json::Value::from(value.as_ref()).to_string();
    Fields(
        pairs
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.into_owned(), Cow::Owned(as_json(value))))
            .collect(),
    )
}

struct Collect<'fields, 'text>(&'fields mut Vec<(String, Cow<'text, str>)>);

impl<'text> DeserializeSeed<'text> for Collect<'_, 'text> {
    type Value = ();

    fn deserialize<D: Deserializer<'text>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'text> Visitor<'text> for Collect<'_, 'text> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'text>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<_, &'text RawValue>()? {
            self.0.push((name, Cow::Borrowed(value.get())));
        }
        Ok(())
    }
}

fn text_of(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

fn lifetime(raw: &str) -> Option<Duration> {
    let text = text_of(raw).unwrap_or_else(|| raw.to_owned());
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let seconds: f64 = text.parse().ok()?;
    let lifetime = Duration::try_from_secs_f64(seconds.trunc()).unwrap_or(MAX_LIFETIME);
    // Zero means "unknown" or "forever": no token is expired when it is issued.
    (!lifetime.is_zero()).then(|| lifetime.min(MAX_LIFETIME))
}

/// Scopes are separated by spaces (RFC 6749 section 3.3); some providers write commas.
/// One illegible scope makes the whole list illegible: a part of what was
/// granted would pass for another grant.
fn scopes(raw: &str) -> Option<Scopes> {
    let text = text_of(raw).or_else(|| {
        let list: Vec<String> = serde_json::from_str(raw).ok()?;
        Some(list.join(" "))
    })?;
    Scopes::parse(&text.replace(',', " "))
        .ok()
        .filter(|scopes| !scopes.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(json: &str) -> TokenAnswer {
        parse_token_answer(json.as_bytes()).unwrap()
    }

    #[test]
    fn reads_what_the_documentation_shows() {
        let answer = parse(
            r#"{"access_token":"ZDI3","expires_in":1209599,"refresh_token":"MDEy",
                "refresh_token_expires_in":7775999,"token_type":"Bearer","scope":"spark:rooms_read spark:all"}"#,
        );
        assert_eq!(answer.access_token.expose_secret(), "ZDI3");
        assert_eq!(answer.expires_in, Some(Duration::from_secs(1_209_599)));
        assert_eq!(answer.refresh_token.unwrap().expose_secret(), "MDEy");
        assert_eq!(
            answer.refresh_token_expires_in,
            Some(Duration::from_secs(7_775_999))
        );
        assert_eq!(
            answer.scopes,
            Some(Scopes::parse("spark:all spark:rooms_read").unwrap())
        );
    }

    #[test]
    fn a_lifetime_is_read_in_every_form_and_never_panics() {
        for (written, seconds) in [
            ("64799", Some(64_799)),
            (r#""64799""#, Some(64_799)),
            (r#"" 64799 ""#, Some(64_799)),
            ("0", None),
            (r#""0""#, None),
            ("0.9", None),
            ("-1209600", None),
            (r#""1209600.0""#, Some(1_209_600)),
            (r#""12 hours""#, None),
            ("12.9", Some(12)),
            ("1e3", Some(1000)),
            ("1e400", Some(MAX_LIFETIME.as_secs())),
            ("99999999999999999999999999", Some(MAX_LIFETIME.as_secs())),
            ("18446744073709551615", Some(MAX_LIFETIME.as_secs())),
            ("-1", None),
            ("-0.5", None),
            (r#""soon""#, None),
            (r#""inf""#, None),
            (r#""NaN""#, None),
            (r#""""#, None),
            ("null", None),
            ("true", None),
            ("{}", None),
            ("[64799]", None),
        ] {
            let answer = parse(&format!(
                r#"{{"expires_in":{written},"access_token":"t","refresh_token_expires_in":{written}}}"#
            ));
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(answer.expires_in, expected, "{written}");
            assert_eq!(answer.refresh_token_expires_in, expected, "{written}");
        }
    }

    #[test]
    fn scopes_come_as_a_text_or_as_a_list() {
        let both = Some(Scopes::parse("a b").unwrap());
        for (written, scopes) in [
            (r#""b a""#, both.clone()),
            (r#"["a","b"]"#, both.clone()),
            (r#"["a b"]"#, both.clone()),
            (r#""a,b""#, both.clone()),
            (r#""b, a,""#, both.clone()),
            (r#"["a,b"]"#, both.clone()),
            (r#""a\tb""#, both),
            (r#"" , ""#, None),
            ("{}", None),
            (r#""""#, None),
            ("[]", None),
            (r#"["a",1]"#, None),
            (r#""a \"b\"""#, None),
            ("null", None),
            ("7", None),
        ] {
            let answer = parse(&format!(r#"{{"access_token":"t","scope":{written}}}"#));
            assert_eq!(answer.scopes, scopes, "{written}");
        }
    }

    #[test]
    fn a_refresh_token_may_be_absent() {
        for written in ["null", r#""""#, r#"" ""#, "1", "[]", r#""\ud800""#] {
            let answer = parse(&format!(
                r#"{{"refresh_token":{written},"token_type":[],"access_token":"t"}}"#
            ));
            assert!(answer.refresh_token.is_none(), "{written}");
        }
        assert!(parse(r#"{"access_token":"t"}"#).refresh_token.is_none());
    }

    #[test]
    fn what_is_wrong_elsewhere_costs_no_token() {
        let nested = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        for body in [
            b"\xef\xbb\xbf{\"access_token\":\"t\"}".to_vec(),
            b"{\"id_token\":\"\xff\",\"access_token\":\"t\"}".to_vec(),
            format!(r#"{{"x":{nested},"access_token":"t"}}"#).into_bytes(),
            br#"{"access_token":"t","expires_in":NaN}"#.to_vec(),
            br#"{"access_token":"t"} trailing"#.to_vec(),
            br#"{"access_token":"t","expires_in":12"#.to_vec(),
            br#"{"id_token":"\ud800","access_token":"t"}"#.to_vec(),
            br#"{"access_token":"old","access_token":"t"}"#.to_vec(),
            br#"{"access_token":"t","access_token":null}"#.to_vec(),
            br#"{"access_token":"t","access_token":"a b"}"#.to_vec(),
            b")]}',\n{\"access_token\":\"t\"}".to_vec(),
            b"<br /><b>Notice</b>: x\n{\"access_token\":\"t\"}".to_vec(),
            br#"callback({"access_token":"t"});"#.to_vec(),
            format!(
                r#"{{"id_token":"{}","access_token":"t"}}"#,
                "x".repeat(500_000)
            )
            .into_bytes(),
            b"access_token=t".to_vec(),
            b"\xef\xbb\xbftoken_type=bearer&access_token=t\r\n".to_vec(),
        ] {
            let answer = parse_token_answer(&body).unwrap();
            assert_eq!(answer.access_token.expose_secret(), "t");
        }
    }

    #[test]
    fn a_form_is_read_like_json() {
        let answer = parse(
            "access_token=a%2Bb&scope=spark%3Aall+x&token_type=bearer&expires_in=28800\
             &refresh_token=r%22%5C&refresh_token_expires_in=15811200",
        );
        assert_eq!(answer.access_token.expose_secret(), "a+b");
        assert_eq!(answer.refresh_token.unwrap().expose_secret(), "r\"\\");
        assert_eq!(answer.expires_in, Some(Duration::from_hours(8)));
        let life = answer.refresh_token_expires_in;
        assert_eq!(life, Some(Duration::from_hours(4_392)));
        assert_eq!(answer.scopes, Some(Scopes::parse("spark:all x").unwrap()));
    }

    /// At every cut, each field is whole or absent.
    #[test]
    fn a_cut_answer_holds_no_half_value() {
        let whole = r#"{"access_token":"t-1","expires_in":64799,"refresh_token":"r-1",
            "refresh_token_expires_in":7697037,"scope":"a b"}"#;
        for end in 0..=whole.len() {
            let Ok(answer) = parse_token_answer(&whole.as_bytes()[..end]) else {
                assert!(end <= whole.find(",\"expires_in").unwrap(), "{end}");
                continue;
            };
            assert_eq!(answer.access_token.expose_secret(), "t-1", "{end}");
            let seconds = answer.expires_in.map(|life| life.as_secs());
            assert!(matches!(seconds, None | Some(64_799)), "{end}: {seconds:?}");
            let refresh = answer
                .refresh_token
                .as_ref()
                .map(RefreshToken::expose_secret);
            assert!(matches!(refresh, None | Some("r-1")), "{end}");
            let seconds = answer.refresh_token_expires_in.map(|life| life.as_secs());
            assert!(
                matches!(seconds, None | Some(7_697_037)),
                "{end}: {seconds:?}"
            );
        }
    }

    #[test]
    fn without_a_usable_access_token_the_answer_is_unreadable() {
        use UnreadableTokenAnswer::{NoAccessToken, NotAnObject, UnusableAccessToken};

        let long = format!(
            r#"{{"access_token":"{}"}}"#,
            "a".repeat(MAX_ACCESS_TOKEN + 1)
        );
        for (body, why) in [
            ("", NotAnObject),
            ("<html></html>", NotAnObject),
            ("[]", NotAnObject),
            (r#""access_token""#, NotAnObject),
            ("null", NotAnObject),
            ("{}", NoAccessToken),
            (r#"{"access_token":null}"#, NoAccessToken),
            (r#"{"access_token":""}"#, NoAccessToken),
            (r#"{"access_token":7}"#, NoAccessToken),
            (r#"{"access_token":["t"]}"#, NoAccessToken),
            (r#"{"error":"invalid_grant"}"#, NoAccessToken),
            (
                "error=invalid_grant&error_description=access_token",
                NotAnObject,
            ),
            ("<a href=\"?x=1&access_token=t\">", NotAnObject),
            ("access_token=&refresh_token=r", NoAccessToken),
            (r#"{"access_token":"a\nb"}"#, UnusableAccessToken),
            (r#"{"access_token":"a b"}"#, UnusableAccessToken),
            (r#"{"access_token":"tök"}"#, UnusableAccessToken),
            (long.as_str(), UnusableAccessToken),
        ] {
            let refusal = parse_token_answer(body.as_bytes()).unwrap_err();
            assert_eq!(refusal, why, "{}", &body[..body.len().min(60)]);
        }
        let longest = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(MAX_ACCESS_TOKEN));
        assert_eq!(
            parse(&longest).access_token.expose_secret().len(),
            MAX_ACCESS_TOKEN
        );
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,12}".prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::btree_map(".{0,6}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_token_answer(&body);
        }

        #[test]
        fn any_json_is_survived(json in any_json()) {
            let _ = parse_token_answer(json.to_string().as_bytes());
        }

        #[test]
        fn any_value_in_any_other_field_costs_no_token(
            expires_in in any_json(), refresh in any_json(), scope in any_json(),
            other in any_json(), token in "[!-~]{1,200}",
        ) {
            let body = serde_json::json!({
                "access_token": token, "aaa": other, "expires_in": expires_in,
                "refresh_token": refresh, "refresh_token_expires_in": expires_in,
                "scope": scope, "token_type": other,
            });
            let answer = parse_token_answer(body.to_string().as_bytes()).unwrap();
            prop_assert_eq!(answer.access_token.expose_secret(), token);
            if let Some(text) = refresh.as_str().filter(|text| !text.trim().is_empty()) {
                let kept = answer.refresh_token.unwrap();
                prop_assert_eq!(kept.expose_secret(), text);
            }
        }
    }
}
