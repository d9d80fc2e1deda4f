//! What a rotation did, for the operator.

use std::fmt;

use spark_oauth_core::key_rotation::Rotated;
use spark_oauth_core::keyring::KeyFingerprint;

/// The text on standard output.
pub(super) struct Summary<'r> {
    pub(super) rotated: &'r Rotated,
    /// The store, without credentials.
    pub(super) store: String,
    /// Where the keys come from.
    pub(super) place: String,
    /// How many keys the ring holds.
    pub(super) keys: usize,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rotated {
            newest,
            tokens,
            resealed,
            ..
        } = self.rotated;
        writeln!(f, "{} under the key {newest}", self.store)?;
        writeln!(f, "  tokens          {tokens}")?;
        writeln!(f, "  sealed again    {resealed}")?;
        self.troubles(f)?;
        self.outstanding(f)?;
        self.what_next(f)
    }
}

impl Summary<'_> {
    fn troubles(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for record in &self.rotated.unopened {
            writeln!(
                f,
                "  not sealed again: token {}: {}",
                record.record, record.cause
            )?;
        }
        for token in &self.rotated.under_way {
            writeln!(
                f,
                "  a refresh of token {token} began under an older key and was never ended"
            )?;
        }
        if !self.rotated.unopened.is_empty() {
            writeln!(
                f,
                "Add the key that a token needs, or remove the token in the admin centre and let \
                 the person consent again; then run this again."
            )?;
        }
        if !self.rotated.under_way.is_empty() {
            writeln!(
                f,
                "Start the server again whose journal may hold their answers, then run this again."
            )?;
        }
        Ok(())
    }

    fn outstanding(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (count @ 1.., Some(end)) = (self.rotated.consents, self.rotated.consents_end_at) {
            writeln!(
                f,
                "  {count} consents under way began under an older key; the last one expires at \
                 {end}"
            )?;
        }
        if let (count @ 1.., Some(end)) = (self.rotated.links, self.rotated.links_end_at) {
            writeln!(
                f,
                "  {count} consent links can be used; the last one expires at {end}"
            )?;
        }
        Ok(())
    }

    fn what_next(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rotated, place, .. } = self;
        if !rotated.kept.is_empty() {
            return writeln!(
                f,
                "Keep these keys, they are still needed: {}",
                list(&rotated.kept)
            );
        }
        if !rotated.is_complete() {
            return Ok(());
        }
        if self.keys == 1 {
            return writeln!(
                f,
                "There is one key alone. For a new one, put the output of `openssl rand -base64 \
                 32` as the first line into {place}, restart servers that get their keys from \
                 SPARK_OAUTH_KEYS or a systemd credential, and run this again."
            );
        }
        writeln!(f, "Every token opens with the first key alone.")?;
        let needed_until = rotated.consents_end_at.max(rotated.links_end_at);
        match needed_until {
            Some(end) => writeln!(
                f,
                "Keep the older keys in {place} until {end}: without them, these consents begin \
                 again, and links that were sent before the new key must be sent again."
            )?,
            None => writeln!(f, "No stored consent or link needs an older key.")?,
        }
        writeln!(
            f,
            "A `consent_url` in an answer of the API before the new key needs the older key, too; \
             it expires within 7 days.\n\
             Then remove every key but the first from {place}, and restart the servers: a server \
             uses the keys that it has read until it restarts."
        )
    }
}

fn list(keys: &[KeyFingerprint]) -> String {
    let all: Vec<_> = keys.iter().map(ToString::to_string).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use spark_oauth_core::Timestamp;

    use super::*;

    fn rotated() -> Rotated {
        Rotated {
            newest: KeyFingerprint::from_bytes([1; 8]),
            tokens: 4,
            resealed: 4,
            unopened: Vec::new(),
            under_way: Vec::new(),
            consents: 0,
            consents_end_at: None,
            links: 0,
            links_end_at: None,
            forgotten: vec![KeyFingerprint::from_bytes([2; 8])],
            kept: Vec::new(),
        }
    }

    fn text(rotated: &Rotated, keys: usize) -> String {
        let summary = Summary {
            rotated,
            store: "sqlite:/a.db".to_owned(),
            place: "/etc/keys".to_owned(),
            keys,
        };
        summary.to_string()
    }

    #[test]
    fn older_keys_are_kept_for_as_long_as_something_needs_them() {
        let mut open = rotated();
        (open.links, open.links_end_at) = (3, Some(Timestamp::from_millis(2_000)));
        (open.consents, open.consents_end_at) = (1, Some(Timestamp::from_millis(1_000)));
        let text = text(&open, 2);
        let kept = text.find("Keep the older keys in /etc/keys until 1970-01-01T00:00:02.000Z");
        let removed = text.find("Then remove every key but the first from /etc/keys");
        assert!(kept.unwrap() < removed.unwrap(), "{text}");
        for contradiction in ["No stored", "No longer needed", "can go"] {
            assert!(!text.contains(contradiction), "{text}");
        }
    }

    #[test]
    fn with_nothing_outstanding_the_older_keys_are_removed_with_a_restart() {
        let text = text(&rotated(), 2);
        assert!(text.contains("No stored consent or link"), "{text}");
        assert!(text.contains("restart the servers"), "{text}");
        assert!(!text.contains("Keep the older keys"), "{text}");
    }

    #[test]
    fn one_key_alone_is_told_how_to_get_another() {
        let text = text(&rotated(), 1);
        assert!(text.contains("openssl rand -base64 32"), "{text}");
        assert!(text.contains("systemd credential"), "{text}");
        assert!(!text.contains("remove every key"), "{text}");
    }

    #[test]
    fn keys_that_are_needed_are_never_to_be_removed() {
        let mut needed = rotated();
        needed.kept = vec![KeyFingerprint::from_bytes([2; 8])];
        let text = text(&needed, 2);
        assert!(text.contains("Keep these keys"), "{text}");
        assert!(!text.contains("remove every key"), "{text}");
    }
}
