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
        self.consents(f)?;
        self.links(f)?;
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

    fn consents(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.rotated.consents, self.rotated.consents_end_at) {
            (count @ 1.., Some(end)) => writeln!(
                f,
                "  {count} consents under way began under an older key: without it they begin \
                 again; the last one ends at {end}"
            ),
            _ => Ok(()),
        }
    }

    fn links(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.rotated.links, self.rotated.links_end_at) {
            (count @ 1.., Some(end)) if self.keys > 1 => writeln!(
                f,
                "  {count} consent links are open: without the older key, what was sent under it \
                 has to be sent again; the last one ends at {end}"
            ),
            _ => Ok(()),
        }
    }

    fn what_next(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rotated {
            forgotten, kept, ..
        } = self.rotated;
        if !kept.is_empty() {
            return writeln!(f, "Keep these keys, they are still needed: {}", list(kept));
        }
        if !self.rotated.is_complete() {
            return Ok(());
        }
        if self.keys == 1 {
            return writeln!(
                f,
                "There is one key alone. For a new one, put the output of `openssl rand -base64 \
                 32` as the first line into {}, and run this again.",
                self.place
            );
        }
        if !forgotten.is_empty() {
            writeln!(f, "No longer needed: {}", list(forgotten))?;
        }
        writeln!(
            f,
            "Every key but the first can go from {}; servers start without them.",
            self.place
        )
    }
}

fn list(keys: &[KeyFingerprint]) -> String {
    let all: Vec<_> = keys.iter().map(ToString::to_string).collect();
    all.join(", ")
}
