//! `oauth.redirectURI` and `oauth.redirectURIUnencoded`: one URI, written twice in
//! the Node.js sample's file.

use spark_oauth_core::RedirectUri;

use super::document::quote;
use super::percent::decode;
use super::reader::Reader;
use super::schema::Setting;

pub(super) const ENCODED: Setting = Setting::plain("oauth.redirectURI");
pub(super) const UNENCODED: Setting = Setting::plain("oauth.redirectURIUnencoded");

/// Our own route for the provider's answer.
const CALLBACK: &str = "/auth/spark/callback";

/// Reads the redirect URI: `redirectURIUnencoded` where it is given, else
/// `redirectURI`, plain or percent-encoded. Both must name the same one.
pub(super) fn read(reader: &mut Reader) -> Option<RedirectUri> {
    let encoded = reader.parsed(ENCODED, "write it plain or wholly encoded", plain);
    let unencoded = reader.text(UNENCODED).map(|text| text.trim().to_owned());
    if let (Some(encoded), Some(unencoded)) = (&encoded, &unencoded)
        && encoded != unencoded
    {
        let fault = format!(
            "names {} while {} names {}",
            quote(encoded),
            UNENCODED.path(),
            quote(unencoded)
        );
        reader.wrong(ENCODED, fault, "remove it, or make both name the same URI");
    }
    if !reader.is_given(ENCODED) {
        reader.require(UNENCODED, "the redirect URI of your integration");
    }
    let setting = if unencoded.is_some() {
        UNENCODED
    } else {
        ENCODED
    };
    checked(reader, setting, &unencoded.or(encoded)?)
}

/// The URI in plain text. One that holds `://` is plain already: its own escapes
/// belong to it, since the provider compares byte by byte.
fn plain(text: &str) -> Result<String, super::percent::InvalidEncoding> {
    if text.contains("://") {
        Ok(text.to_owned())
    } else {
        decode(text)
    }
}

fn checked(reader: &mut Reader, setting: Setting, text: &str) -> Option<RedirectUri> {
    let uri = match RedirectUri::parse(text) {
        Ok(uri) => uri,
        Err(error) => {
            let fault = format!("{}: {error}", quote(text));
            let advice = format!("give one like http://127.0.0.1:3000{CALLBACK}");
            reader.wrong(setting, fault, advice);
            return None;
        }
    };
    if uri.url().path() != CALLBACK {
        let mut ours = uri.url().clone();
        ours.set_path(CALLBACK);
        ours.set_query(None);
        let fault = format!("the path of {} is not {CALLBACK}", quote(text));
        let advice = format!("register {ours} with your integration, and write it here");
        reader.wrong(setting, fault, advice);
        return None;
    }
    Some(uri)
}
