//! The settings that exist, as one list: what a file or the environment may name.

use super::{
    audit, consent_links, handoff, keys, log, oauth, password_hash, provider, public_url, refresh,
    server, store, super_admin, telemetry, webhooks,
};

/// The prefix of the environment variables that set a setting.
pub(super) const PREFIX: &str = "SPARK_OAUTH__";

/// One setting: its path (`oauth.clientSecret`), and whether its value is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    path: &'static str,
    secret: bool,
}

impl Setting {
    pub(super) const fn plain(path: &'static str) -> Self {
        Self {
            path,
            secret: false,
        }
    }

    pub(super) const fn secret(path: &'static str) -> Self {
        Self { path, secret: true }
    }

    /// The path in the file: `section.key`, or the bare key at the top level.
    pub const fn path(self) -> &'static str {
        self.path
    }

    /// Whether the value may never be shown, and may come from a `…_FILE`.
    pub const fn is_secret(self) -> bool {
        self.secret
    }

    /// The section, where it is in one.
    pub fn section(self) -> Option<&'static str> {
        self.path.split_once('.').map(|(section, _)| section)
    }

    /// The key within its section.
    pub fn key(self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, key)| key)
    }

    /// The environment variable that sets it: `SPARK_OAUTH__OAUTH__CLIENTSECRET`.
    pub fn variable(self) -> String {
        let name = self.path.replace('.', "__").to_ascii_uppercase();
        format!("{PREFIX}{name}")
    }
}

/// Every setting, section by section.
pub fn settings() -> impl Iterator<Item = Setting> {
    [
        server::SETTINGS,
        public_url::SETTINGS,
        oauth::SETTINGS,
        provider::SETTINGS,
        store::SETTINGS,
        keys::SETTINGS,
        super_admin::SETTINGS,
        password_hash::SETTINGS,
        handoff::SETTINGS,
        consent_links::SETTINGS,
        refresh::SETTINGS,
        webhooks::SETTINGS,
        audit::SETTINGS,
        log::SETTINGS,
        telemetry::SETTINGS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Whether `name` is a section.
pub(super) fn is_section(name: &str) -> bool {
    settings().any(|setting| setting.section() == Some(name))
}

/// The setting with this path.
pub(super) fn find(path: &str) -> Option<Setting> {
    settings().find(|setting| setting.path == path)
}

/// The path that somebody who wrote `path` probably meant: the same key elsewhere,
/// or the nearest spelling.
pub(super) fn nearest(path: &str) -> Option<&'static str> {
    let key = path.rsplit('.').next().unwrap_or(path);
    let sections = settings().filter_map(Setting::section);
    let candidates: Vec<_> = settings().map(Setting::path).chain(sections).collect();
    let same_key = candidates
        .iter()
        .find(|candidate| candidate.rsplit('.').next().is_some_and(|k| same(k, key)));
    same_key
        .or_else(|| {
            candidates
                .iter()
                .map(|candidate| (distance(candidate, path), candidate))
                .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(4))
                .min_by_key(|(distance, _)| *distance)
                .map(|(_, candidate)| candidate)
        })
        .copied()
}

/// Whether two keys differ only in case and separators (`client_id`, `clientID`).
fn same(one: &str, other: &str) -> bool {
    let bare = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
    bare(one) == bare(other)
}

fn distance(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(&one.to_ascii_lowercase(), &other.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_settings_share_a_variable() {
        let variables: BTreeSet<_> = settings().map(Setting::variable).collect();
        assert_eq!(variables.len(), settings().count());
        assert!(variables.contains("SPARK_OAUTH__OAUTH__CLIENTSECRET"));
        assert!(variables.contains("SPARK_OAUTH__OAUTH__REFRESHTOKEN_TYPE"));
    }

    #[test]
    fn no_setting_is_named_like_the_file_form_of_another() {
        let variables: BTreeSet<_> = settings().map(Setting::variable).collect();
        assert!(
            variables
                .iter()
                .all(|name| !variables.contains(&format!("{name}_FILE")))
        );
    }

    #[test]
    fn guesses_what_was_meant() {
        assert_eq!(nearest("oauth.clientId"), Some("oauth.clientID"));
        assert_eq!(nearest("oauth.client_secret"), Some("oauth.clientSecret"));
        assert_eq!(nearest("clientID"), Some("oauth.clientID"));
        assert_eq!(nearest("server.prot"), Some("server.port"));
        assert_eq!(nearest("logLevle"), Some("logLevel"));
        assert_eq!(nearest("sever"), Some("server"));
        assert_eq!(nearest("entirely.different"), None);
    }
}
