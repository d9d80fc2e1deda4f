//! The way back to whoever sent the person here.

use spark_oauth_core::consent_links::ReturnAddress;

use crate::pages::NextStep;

/// How it ended, as the parameter `spark_oauth` of the address says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Granted,
    Declined,
}

impl Ending {
    const fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Declined => "declined",
        }
    }
}

/// The link back.
pub(super) fn back(address: &ReturnAddress, ending: Ending) -> NextStep {
    let mut url = address.url().clone();
    url.query_pairs_mut()
        .append_pair("spark_oauth", ending.word());
    let host = address.url().host_str().unwrap_or_default();
    NextStep::new(format!("Back to {host}"), url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_says_how_it_ended_and_keeps_what_was_there() {
        let address = ReturnAddress::parse("https://app.example.com:8443/done?a=b#c").unwrap();
        let step = back(&address, Ending::Granted);
        assert_eq!(step.label, "Back to app.example.com");
        assert_eq!(
            step.href,
            "https://app.example.com:8443/done?a=b&spark_oauth=granted#c"
        );
    }
}
