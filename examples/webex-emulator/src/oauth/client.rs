//! The integration that asks: its registration, and how it proves itself.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use url::Url;

use super::parameters::Parameters;
use super::scopes::Scopes;

/// An integration as an owner registers it with the provider.
///
/// Without one the emulator takes any client ID with any client secret and any
/// redirect URI: a newcomer has nothing to register.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The only client ID that is known from now on.
    pub client_id: String,
    /// The only secret that is accepted; any non-empty one where absent.
    pub client_secret: Option<String>,
    /// The redirect URIs, compared byte by byte; any where empty.
    pub redirect_uris: Vec<String>,
    /// What the integration may ask for; anything where absent.
    pub scopes: Option<Scopes>,
}

impl Registration {
    /// A registration of `client_id` that leaves all else open.
    pub fn new(client_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: None,
            redirect_uris: Vec::new(),
            scopes: None,
        }
    }
}

/// Whether `client_id` may ask for anything at all.
pub(crate) fn is_known(registration: Option<&Registration>, client_id: &str) -> bool {
    let plausible = client_id.len() <= 256 && client_id.bytes().all(|byte| byte.is_ascii_graphic());
    plausible && registration.is_none_or(|known| known.client_id == client_id)
}

/// Why a redirect URI is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RedirectUriProblem {
    /// No absolute `http` or `https` URI without a fragment (RFC 6749, section 3.1.2).
    Malformed,
    /// Not one of those registered.
    Unregistered,
}

/// Checks a redirect URI against the registration.
pub(crate) fn check_redirect_uri(
    registration: Option<&Registration>,
    redirect_uri: &str,
) -> Result<(), RedirectUriProblem> {
    let well_formed = redirect_uri.bytes().all(|byte| byte.is_ascii_graphic())
        && Url::parse(redirect_uri).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none()
        });
    if !well_formed {
        return Err(RedirectUriProblem::Malformed);
    }
    let registered = registration.is_none_or(|known| {
        known.redirect_uris.is_empty() || known.redirect_uris.iter().any(|uri| uri == redirect_uri)
    });
    if registered {
        Ok(())
    } else {
        Err(RedirectUriProblem::Unregistered)
    }
}

/// The client did not prove who it is (RFC 6749's `invalid_client`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidClient;

/// The client ID of a request whose secret is right.
///
/// The credentials come in the form, as Webex documents it, or in an
/// `Authorization: Basic` header (RFC 6749, section 2.3.1), as its device grant
/// wants them.
pub(crate) fn authenticate(
    registration: Option<&Registration>,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<String, InvalidClient> {
    let (client_id, client_secret) = match basic_credentials(headers) {
        Some(credentials) => credentials,
        None => (
            form.get("client_id").unwrap_or_default().to_owned(),
            form.get("client_secret").unwrap_or_default().to_owned(),
        ),
    };
    let secret_fits = match registration.and_then(|known| known.client_secret.as_deref()) {
        Some(expected) => bool::from(expected.as_bytes().ct_eq(client_secret.as_bytes())),
        None => !client_secret.is_empty(),
    };
    if !client_id.is_empty() && is_known(registration, &client_id) && secret_fits {
        Ok(client_id)
    } else {
        Err(InvalidClient)
    }
}

fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, client_secret) = decoded.split_once(':')?;
    Some((form_decoded(client_id), form_decoded(client_secret)))
}

/// RFC 6749 has both halves form-encoded before they are joined.
fn form_decoded(text: &str) -> String {
    let pair = format!("v={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn registration() -> Registration {
        Registration {
            client_secret: Some("s3cret".to_owned()),
            redirect_uris: vec!["http://127.0.0.1:3000/callback".to_owned()],
            ..Registration::new("C1")
        }
    }

    fn form(body: &str) -> Parameters {
        Parameters::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn without_a_registration_any_client_is_known() {
        let form = form("client_id=C1&client_secret=x");
        assert_eq!(
            authenticate(None, &HeaderMap::new(), &form),
            Ok("C1".to_owned())
        );
        assert_eq!(
            check_redirect_uri(None, "https://example.com/cb?x=1"),
            Ok(())
        );
    }

    #[test]
    fn a_secret_is_always_needed() {
        for body in [
            "",
            "client_id=C1",
            "client_secret=x",
            "client_id=C1&client_secret=",
        ] {
            assert_eq!(
                authenticate(None, &HeaderMap::new(), &form(body)),
                Err(InvalidClient)
            );
        }
    }

    #[test]
    fn a_registration_pins_id_secret_and_redirect_uri() {
        let known = registration();
        for body in [
            "client_id=C2&client_secret=s3cret",
            "client_id=C1&client_secret=other",
        ] {
            let result = authenticate(Some(&known), &HeaderMap::new(), &form(body));
            assert_eq!(result, Err(InvalidClient), "{body}");
        }
        assert_eq!(
            check_redirect_uri(Some(&known), "http://127.0.0.1:3000/callback/"),
            Err(RedirectUriProblem::Unregistered),
        );
        assert_eq!(
            check_redirect_uri(Some(&known), "http://127.0.0.1:3000/callback"),
            Ok(())
        );
    }

    #[test]
    fn the_basic_header_carries_form_encoded_credentials() {
        let mut headers = HeaderMap::new();
        let value = format!("Basic {}", STANDARD.encode("C1:a%3Ab+c"));
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
        let known = Registration {
            client_secret: Some("a:b c".to_owned()),
            ..Registration::new("C1")
        };
        assert_eq!(
            authenticate(Some(&known), &headers, &form("")),
            Ok("C1".to_owned())
        );
    }

    #[test]
    fn a_redirect_uri_is_absolute_and_has_no_fragment() {
        for uri in [
            "",
            "/callback",
            "javascript:alert(1)",
            "http://a/#b",
            "http://a/ b",
            "ftp://a/",
        ] {
            assert_eq!(
                check_redirect_uri(None, uri),
                Err(RedirectUriProblem::Malformed),
                "{uri}"
            );
        }
    }
}
