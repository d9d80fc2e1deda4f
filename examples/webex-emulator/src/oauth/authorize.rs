//! The authorization request (RFC 6749, section 4.1.1), checked before a person sees it.

use std::sync::Arc;

use url::form_urlencoded;

use super::client::{self, RedirectUriProblem, Registration};
use super::parameters::{Parameters, RepeatedParameter};
use super::pkce;
use super::scopes::Scopes;

/// The parameters that the page hands on to its own form.
pub(crate) const PARAMETERS: [&str; 11] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "login_hint",
    "nonce",
    "max_age",
];

/// How a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// Always show the page.
    SelectAccount,
    /// Never show it: answer at once, or with an error.
    None,
}

/// A request that may be shown to a person.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Arc<Scopes>,
    pub(crate) state: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) prompt: Option<Prompt>,
    pub(crate) login_hint: Option<String>,
}

/// Why a request is not shown to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The client or its redirect URI is in doubt: nobody is sent anywhere
    /// (RFC 6749, section 4.1.2.1).
    Page(String),
    /// The client learns of it.
    Redirect(String),
}

impl AuthorizationRequest {
    /// Checks a request.
    pub(crate) fn parse(
        encoded: &[u8],
        registration: Option<&Registration>,
    ) -> Result<Self, Refusal> {
        let parameters = Parameters::parse(encoded).map_err(|RepeatedParameter(name)| {
            Refusal::Page(format!("The parameter “{name}” came more than once."))
        })?;
        let (client_id, redirect_uri) = check_client(&parameters, registration)?;
        let state = parameters.get("state");
        let refuse = |error, description| {
            Refusal::Redirect(error_url(redirect_uri, error, description, state))
        };
        match parameters.get("response_type") {
            Some("code") => {}
            Some(_) => {
                return Err(refuse(
                    "unsupported_response_type",
                    "response_type must be code.",
                ));
            }
            None => return Err(refuse("invalid_request", "response_type is missing.")),
        }
        // Which scope is wrong the real provider does not say either.
        let scopes = Scopes::parse(parameters.get("scope").unwrap_or_default())
            .ok()
            .filter(|asked| {
                let allowed = registration.and_then(|known| known.scopes.as_ref());
                allowed.is_none_or(|allowed| asked.is_subset_of(allowed))
            })
            .ok_or_else(|| refuse("invalid_scope", "The requested scope is invalid."))?;
        let code_challenge = parse_challenge(&parameters)
            .map_err(|description| refuse("invalid_request", description))?;
        let prompt = match parameters.get("prompt") {
            None => None,
            Some("select_account") => Some(Prompt::SelectAccount),
            Some("none") => Some(Prompt::None),
            Some(_) => {
                return Err(refuse(
                    "invalid_request",
                    "prompt must be select_account or none.",
                ));
            }
        };
        Ok(Self {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scopes: Arc::new(scopes),
            state: state.map(str::to_owned),
            code_challenge,
            prompt,
            login_hint: parameters.get("login_hint").map(str::to_owned),
        })
    }

    /// Where the person goes with a code.
    pub(crate) fn code_url(&self, code: &str) -> String {
        redirect_url(
            &self.redirect_uri,
            &[("code", Some(code)), ("state", self.state.as_deref())],
        )
    }

    /// Where the person goes without one.
    pub(crate) fn error_url(&self, error: &str, description: &str) -> String {
        error_url(
            &self.redirect_uri,
            error,
            description,
            self.state.as_deref(),
        )
    }
}

fn check_client<'a>(
    parameters: &'a Parameters,
    registration: Option<&Registration>,
) -> Result<(&'a str, &'a str), Refusal> {
    let page = |text: &str| Refusal::Page(text.to_owned());
    let client_id = parameters
        .get("client_id")
        .ok_or_else(|| page("The request names no client: client_id is missing."))?;
    if !client::is_known(registration, client_id) {
        return Err(page("There is no integration with this client_id."));
    }
    let redirect_uri = parameters
        .get("redirect_uri")
        .ok_or_else(|| page("The request says nowhere to go back to: redirect_uri is missing."))?;
    client::check_redirect_uri(registration, redirect_uri).map_err(|problem| match problem {
        RedirectUriProblem::Malformed => page(
            "The redirect_uri must be an absolute http or https address without a fragment (#).",
        ),
        RedirectUriProblem::Unregistered => {
            page("The redirect_uri is not one of those registered for this integration.")
        }
    })?;
    Ok((client_id, redirect_uri))
}

fn parse_challenge(parameters: &Parameters) -> Result<Option<String>, &'static str> {
    let method = parameters.get("code_challenge_method");
    match (parameters.get("code_challenge"), method) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err("code_challenge_method came without code_challenge."),
        (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => {
            Ok(Some(challenge.to_owned()))
        }
        (Some(_), Some("S256")) => {
            Err("code_challenge must be the base64url SHA-256 of the verifier, 43 characters.")
        }
        (Some(_), _) => Err("code_challenge_method must be S256."),
    }
}

fn error_url(redirect_uri: &str, error: &str, description: &str, state: Option<&str>) -> String {
    redirect_url(
        redirect_uri,
        &[
            ("error", Some(error)),
            ("error_description", Some(description)),
            ("state", state),
        ],
    )
}

/// Adds parameters to a redirect URI whose own query stays as it is.
fn redirect_url(redirect_uri: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    format!("{redirect_uri}{separator}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn request(change: &[(&str, &str)]) -> Result<AuthorizationRequest, Refusal> {
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", "C1"),
            ("redirect_uri", "http://127.0.0.1:3000/cb?a=1"),
            ("scope", "spark:people_read"),
            ("state", "s&t"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in change {
            parameters.retain(|(known, _)| known != name);
            parameters.push((name, value));
        }
        let encoded = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        AuthorizationRequest::parse(encoded.as_bytes(), None)
    }

    fn redirected(change: &[(&str, &str)]) -> String {
        match request(change) {
            Err(Refusal::Redirect(url)) => url,
            other => panic!("{change:?} led to {other:?}"),
        }
    }

    #[test]
    fn a_right_request_is_read_and_answered() {
        let request = request(&[]).unwrap();
        assert_eq!(
            request.code_url("abc"),
            "http://127.0.0.1:3000/cb?a=1&code=abc&state=s%26t",
        );
        assert_eq!(request.code_challenge.as_deref(), Some(CHALLENGE));
    }

    #[test]
    fn a_doubtful_client_or_redirect_uri_is_never_redirected_to() {
        for change in [
            [("client_id", "")],
            [("client_id", "a b")],
            [("redirect_uri", "")],
            [("redirect_uri", "javascript:alert(1)")],
            [("redirect_uri", "http://a/#fragment")],
        ] {
            assert!(
                matches!(request(&change), Err(Refusal::Page(_))),
                "{change:?}"
            );
        }
        let twice = b"client_id=C1&client_id=C2&redirect_uri=http://a/";
        assert!(matches!(
            AuthorizationRequest::parse(twice, None),
            Err(Refusal::Page(_))
        ));
    }

    #[test]
    fn other_mistakes_go_back_to_the_client_with_its_state() {
        for (change, error) in [
            (("response_type", ""), "invalid_request"),
            (("response_type", "token"), "unsupported_response_type"),
            (("scope", ""), "invalid_scope"),
            (("scope", "nonsense"), "invalid_scope"),
            (("code_challenge", "short"), "invalid_request"),
            (("code_challenge", ""), "invalid_request"),
            (("code_challenge_method", "plain"), "invalid_request"),
            (("code_challenge_method", ""), "invalid_request"),
            (("prompt", "consent"), "invalid_request"),
        ] {
            let url = redirected(&[change]);
            let expected = format!("http://127.0.0.1:3000/cb?a=1&error={error}&error_description=");
            assert!(url.starts_with(&expected), "{change:?}: {url}");
            assert!(url.ends_with("&state=s%26t"), "{url}");
        }
    }

    #[test]
    fn a_registration_bounds_the_scopes() {
        let known = Registration {
            scopes: Some(Scopes::parse("spark:rooms_read").unwrap()),
            ..Registration::new("C1")
        };
        let encoded = b"response_type=code&client_id=C1&redirect_uri=http://a/&scope=spark:all";
        let refusal = AuthorizationRequest::parse(encoded, Some(&known)).unwrap_err();
        assert!(matches!(refusal, Refusal::Redirect(url) if url.contains("error=invalid_scope")));
    }
}
