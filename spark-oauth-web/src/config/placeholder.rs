//! Values of a sample that somebody forgot to replace.

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
