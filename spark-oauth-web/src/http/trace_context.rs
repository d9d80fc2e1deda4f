//! The trace that a request belongs to, as its caller says (W3C Trace Context,
//! section 3.2): taken over where it is well-formed, ignored where it is not.

use std::fmt;

use axum::http::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
#[cfg(feature = "otel")]
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// `version-traceid-parentid-flags`, in bytes.
const LENGTH: usize = 55;

/// The identifier of a trace; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceId(pub(crate) u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The span of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    pub(crate) trace_id: TraceId,
    /// Never zero.
    pub(crate) parent_id: u64,
    /// Whether the caller records its part.
    pub(crate) is_sampled: bool,
}

impl TraceContext {
    /// The context of a request; `None` without one, and where it is malformed or
    /// stands there twice.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(TRACEPARENT).iter();
        let (only, None) = (all.next()?, all.next()) else {
            return None;
        };
        Self::parse(only.to_str().ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let (known, more) = text.split_at_checked(LENGTH)?;
        let mut fields = known.split('-');
        let (version, trace_id, parent_id, flags) = (
            hex(fields.next()?, 2)?,
            hex(fields.next()?, 32)?,
            hex(fields.next()?, 16)?,
            hex(fields.next()?, 2)?,
        );
        // A later version may say more, behind another hyphen.
        let fits = match version {
            0 => more.is_empty(),
            0xff => false,
            _ => more.is_empty() || more.starts_with('-'),
        };
        let parent_id = u64::try_from(parent_id).ok()?;
        (fits && trace_id != 0 && parent_id != 0).then_some(Self {
            trace_id: TraceId(trace_id),
            parent_id,
            is_sampled: flags & 1 == 1,
        })
    }
}

/// What vendors add to a trace, to be passed on as it is; its fields are one list.
#[cfg(feature = "otel")]
pub(crate) fn trace_state(headers: &HeaderMap) -> Option<String> {
    let lists = headers.get_all(TRACESTATE).iter();
    let lists: Result<Vec<_>, _> = lists.map(|list| list.to_str()).collect();
    lists.ok().map(|lists| lists.join(","))
}

/// Lower-case hexadecimal of exactly so many digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let fits = text.len() == digits && text.bytes().all(is_hex);
    fits.then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    fn of(values: &[&str]) -> Option<TraceContext> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, HeaderValue::from_str(value).unwrap());
        }
        TraceContext::of(&headers)
    }

    #[test]
    fn a_well_formed_one_is_taken_over() {
        let context = of(&[&format!("00-{TRACE}-{PARENT}-01")]).unwrap();
        assert_eq!(context.trace_id.to_string(), TRACE);
        assert_eq!(context.parent_id, 0x00f0_67aa_0ba9_02b7);
        assert!(context.is_sampled);
        assert!(
            !of(&[&format!("00-{TRACE}-{PARENT}-02")])
                .unwrap()
                .is_sampled
        );
        // What a later version adds is not ours to judge.
        assert!(of(&[&format!("cc-{TRACE}-{PARENT}-01-more")]).is_some());
    }

    #[test]
    fn a_malformed_one_is_none() {
        let zeros = "0".repeat(32);
        let upper = TRACE.to_uppercase();
        for text in [
            String::new(),
            format!("00-{TRACE}-{PARENT}"),
            format!("00-{TRACE}-{PARENT}-1"),
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("00-{TRACE}-{PARENT}-01 "),
            format!("cc-{TRACE}-{PARENT}-01more"),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("00-{zeros}-{PARENT}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{upper}-{PARENT}-01"),
            format!("00_{TRACE}_{PARENT}_01"),
            format!("+0-{TRACE}-{PARENT}-01"),
        ] {
            assert_eq!(of(&[&text]), None, "{text:?}");
        }
        let good = format!("00-{TRACE}-{PARENT}-01");
        assert_eq!(of(&[&good, &good]), None, "which of the two?");
        assert_eq!(of(&[]), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_nothing_panics(text in "\\PC{0,80}") {
            let _ = TraceContext::parse(&text);
        }
    }
}
