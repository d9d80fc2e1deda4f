//! The client against a provider that we make behave, over real sockets.

mod calls;
mod codings;
mod logs;
mod proxies;
mod raw_server;
mod token_endpoint;
mod transport;

use std::time::Duration;

use url::Url;
use wiremock::MockServer;

use super::{WebexClient, WebexSettings};
use crate::consent::CodeVerifier;
use crate::email::EmailAddress;
use crate::integration::{ClientId, Integration, RedirectUri};
use crate::scopes::Scopes;
use crate::secret::{AccessToken, AuthorizationCode, ClientSecret, RefreshToken};

const CLIENT_SECRET: &str = "s3cr3t-of-the-integration+/=&?";
const CODE: &str = "Y29kZS1vZi10aGUtcGVyc29u";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REFRESH_TOKEN: &str = "cmVmcmVzaC10b2tlbi1vZi10aGUtcGVyc29u";
const ACCESS_TOKEN: &str = "YWNjZXNzLXRva2VuLW9mLXRoZS1wZXJzb24_PF84_1eb65fdf";
const REDIRECT_URI: &str = "http://127.0.0.1:3000/auth/spark/callback?a=b c&d=%7e+";

fn integration() -> Integration {
    Integration {
        client_id: ClientId::new("C0123"),
        client_secret: ClientSecret::new(CLIENT_SECRET),
        redirect_uri: RedirectUri::parse(REDIRECT_URI).unwrap(),
        scopes: Scopes::parse("spark:rooms_write spark:people_read").unwrap(),
        requester: EmailAddress::parse("owner@example.com").unwrap(),
    }
}

fn code() -> AuthorizationCode {
    AuthorizationCode::new(CODE)
}

fn verifier() -> CodeVerifier {
    CodeVerifier::from_text(VERIFIER.to_owned())
}

fn refresh_token() -> RefreshToken {
    RefreshToken::new(REFRESH_TOKEN)
}

fn access_token() -> AccessToken {
    AccessToken::new(ACCESS_TOKEN)
}

fn settings(base: &str) -> WebexSettings {
    WebexSettings::at(Url::parse(base).unwrap())
}

fn client_at(base: &str) -> WebexClient {
    WebexClient::new(settings(base)).unwrap()
}

fn client_of(server: &MockServer) -> WebexClient {
    client_at(&format!("{}/v1", server.uri()))
}

/// A client that soon loses its patience.
fn hasty_client(base: &str) -> WebexClient {
    WebexClient::new(settings(base).with_request_timeout(Duration::from_millis(500))).unwrap()
}

/// Whether any of the secrets stands in the text.
fn assert_no_secret(text: &str) {
    for secret in [CLIENT_SECRET, CODE, VERIFIER, REFRESH_TOKEN, ACCESS_TOKEN] {
        assert!(!text.contains(secret), "{text}");
        assert!(!text.contains(&secret[..16]), "{text}");
    }
}
