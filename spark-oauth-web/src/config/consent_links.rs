//! Section `consentLinks`: what consent links may do.

use spark_oauth_core::consent_links::{ReturnRule, ReturnRules};
use spark_oauth_core::http_client::is_loopback;

use super::reader::Reader;
use super::schema::Setting;

const RETURN_TO: Setting = Setting::plain("consentLinks.returnTo");

pub(super) const SETTINGS: &[Setting] = &[RETURN_TO];

/// Section `consentLinks`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentLinksConfig {
    /// Where a browser may be sent when a consent is done.
    pub return_to: ReturnRules,
}

pub(super) fn read(reader: &mut Reader) -> ConsentLinksConfig {
    let mut rules = Vec::new();
    for text in reader.list(RETURN_TO).unwrap_or_default() {
        match ReturnRule::parse(&text) {
            Ok(rule) => {
                if rule.url().scheme() == "http" && !is_loopback(rule.url()) {
                    let warning = format!("{text} is not encrypted; use https");
                    reader.warn(RETURN_TO, warning);
                }
                rules.push(rule);
            }
            Err(error) => {
                let fault = format!("{text:?} is none: {error}");
                let advice = "give origins, or the beginnings of addresses below them";
                reader.wrong(RETURN_TO, fault, advice);
            }
        }
    }
    ConsentLinksConfig {
        return_to: ReturnRules::new(rules),
    }
}
