//! Values of a sample that somebody forgot to replace.

use super::Config;

impl Config {
    /// The settings that still hold a sample value, for the consent page to name.
    pub fn placeholders(&self) -> Vec<&'static str> {
        let integration = &self.integration;
        let settings = [
            ("oauth.clientID", integration.client_id.as_str()),
            (
                "oauth.clientSecret",
                integration.client_secret.expose_secret(),
            ),
            ("oauth.contactEmail", integration.requester.as_str()),
        ];
        let samples = settings
            .into_iter()
            .filter(|(_, value)| is_placeholder(value));
        samples.map(|(name, _)| name).collect()
    }
}

/// Whether `text` looks like the sample's `your_clientID` or like `<client id>`.
pub(super) fn is_placeholder(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let yours = ["your_", "your-", "your ", "youremail@", "yourname@"];
    yours.iter().any(|start| text.starts_with(start))
        || (text.starts_with('<') && text.ends_with('>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_samples_and_leaves_real_values_alone() {
        for sample in [
            "your_clientID",
            "your_client_ID",
            "your_clientSecret",
            "your_client_secret",
            "your_email@example.com",
            "YOUR_CLIENT_ID",
            "<client id>",
        ] {
            assert!(is_placeholder(sample), "{sample}");
        }
        for real in ["C1234", "yours@example.com", "alice@example.com", ""] {
            assert!(!is_placeholder(real), "{real}");
        }
    }
}
