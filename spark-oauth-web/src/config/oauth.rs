//! Section `oauth`: the integration, as the provider registered it.

use spark_oauth_core::{ClientId, ClientSecret, EmailAddress, Integration, RedirectUri, Scopes};

use super::document::quote;
use super::percent::decode;
use super::placeholder::is_placeholder;
use super::reader::Reader;
use super::redirect_uri;
use super::schema::Setting;

const RESPONSE_TYPE: Setting = Setting::plain("oauth.responseType");
const GRANT_TYPE: Setting = Setting::plain("oauth.grantType");
const REFRESH_TOKEN_TYPE: Setting = Setting::plain("oauth.refreshToken_type");
const CLIENT_ID: Setting = Setting::plain("oauth.clientID");
const CLIENT_SECRET: Setting = Setting::secret("oauth.clientSecret");
const SCOPE: Setting = Setting::plain("oauth.scope");
const STATE: Setting = Setting::secret("oauth.state");
const CONTACT_EMAIL: Setting = Setting::plain("oauth.contactEmail");

pub(super) const SETTINGS: &[Setting] = &[
    RESPONSE_TYPE,
    GRANT_TYPE,
    REFRESH_TOKEN_TYPE,
    CLIENT_ID,
    CLIENT_SECRET,
    redirect_uri::ENCODED,
    redirect_uri::UNENCODED,
    SCOPE,
    STATE,
    CONTACT_EMAIL,
];

/// With neither of them, nobody can be looked up who consents.
const SCOPES_TO_LOOK_A_PERSON_UP: [&str; 2] = ["spark:people_read", "spark:all"];

pub(super) fn read(reader: &mut Reader) -> Option<Integration> {
    fixed(reader, RESPONSE_TYPE, "code");
    fixed(reader, GRANT_TYPE, "authorization_code");
    fixed(reader, REFRESH_TOKEN_TYPE, "refresh_token");
    if reader.is_given(STATE) {
        reader.warn(
            STATE,
            "ignored, since every consent gets a random state of its own; remove it",
        );
    }
    let client_id = client_id(reader);
    let client_secret = client_secret(reader);
    let redirect_uri: Option<RedirectUri> = redirect_uri::read(reader);
    let scopes = scopes(reader);
    let requester = requester(reader);
    Some(Integration {
        client_id: client_id?,
        client_secret: client_secret?,
        redirect_uri: redirect_uri?,
        scopes: scopes?,
        requester: requester?,
    })
}

/// The sample's file names what OAuth fixes anyway: the right value, or a mistake.
fn fixed(reader: &mut Reader, setting: Setting, only: &str) {
    if let Some(text) = reader.text(setting)
        && text.trim() != only
    {
        let fault = format!("found {}, expected {only:?}", quote(&text));
        reader.wrong(setting, fault, "remove it, or write the expected value");
    }
}

fn client_id(reader: &mut Reader) -> Option<ClientId> {
    reader.require(CLIENT_ID, "the client ID of your integration");
    let text = reader.text(CLIENT_ID)?;
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let fault = format!("{} holds spaces or odd characters", quote(text));
        reader.wrong(CLIENT_ID, fault, "copy it from your integration's page");
        return None;
    }
    warn_of_placeholder(reader, CLIENT_ID, text, "the client ID of your integration");
    Some(ClientId::new(text))
}

fn client_secret(reader: &mut Reader) -> Option<ClientSecret> {
    reader.require(CLIENT_SECRET, "the client secret of your integration");
    let text = reader.text(CLIENT_SECRET)?;
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let advice = "copy it from your integration's page";
        reader.wrong(CLIENT_SECRET, "holds spaces or odd characters", advice);
        return None;
    }
    let what = "the client secret of your integration";
    warn_of_placeholder(reader, CLIENT_SECRET, text, what);
    Some(ClientSecret::new(text))
}

fn scopes(reader: &mut Reader) -> Option<Scopes> {
    reader.require(SCOPE, "the scopes, separated by spaces");
    let advice = "give scopes separated by spaces, such as spark:people_read spark:rooms_write";
    let scopes = reader.parsed(SCOPE, advice, |text| {
        let decoded = decode_scopes(text).map_err(|error| error.to_string())?;
        Scopes::parse(&decoded).map_err(|error| error.to_string())
    })?;
    if !SCOPES_TO_LOOK_A_PERSON_UP
        .iter()
        .any(|scope| scopes.contains(scope))
    {
        let text = "without spark:people_read nobody who consents can be looked up; add it";
        reader.warn(SCOPE, text);
    }
    Some(scopes)
}

/// Scopes stand as plain text or percent-encoded, then also with `+` for a space.
fn decode_scopes(text: &str) -> Result<String, super::percent::InvalidEncoding> {
    if text.contains('%') {
        decode(&text.replace('+', " "))
    } else {
        Ok(text.to_owned())
    }
}

fn requester(reader: &mut Reader) -> Option<EmailAddress> {
    let what = "the e-mail address of the contact who asks for consent";
    reader.require(CONTACT_EMAIL, what);
    let email = reader.parsed(
        CONTACT_EMAIL,
        "give the address under which the contact uses Webex",
        EmailAddress::parse,
    )?;
    warn_of_placeholder(reader, CONTACT_EMAIL, email.as_str(), what);
    Some(email)
}

pub(super) fn warn_of_placeholder(reader: &mut Reader, setting: Setting, text: &str, what: &str) {
    if is_placeholder(text) {
        let sample = if setting.is_secret() {
            "a sample value".to_owned()
        } else {
            format!("the sample value {}", quote(text))
        };
        reader.warn(setting, format!("still holds {sample}; put {what} there"));
    }
}
