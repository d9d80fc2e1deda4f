//! Percent-encoded values, as the Node.js sample's file holds them.

use percent_encoding::percent_decode_str;

/// A text whose percent-encoding is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the percent-encoding is broken: % must stand before two hexadecimal digits of UTF-8")]
pub(super) struct InvalidEncoding;

/// Decodes a text (RFC 3986 section 2.1); one without `%` stays as it is.
pub(super) fn decode(text: &str) -> Result<String, InvalidEncoding> {
    let hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = text.as_bytes();
    let whole = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'%')
        .all(|(at, _)| hex(bytes.get(at + 1)) && hex(bytes.get(at + 2)));
    if !whole {
        return Err(InvalidEncoding);
    }
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| InvalidEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_and_leaves_plain_text_alone() {
        assert_eq!(decode("spark%3Aa%20b").as_deref(), Ok("spark:a b"));
        assert_eq!(decode("spark:a b").as_deref(), Ok("spark:a b"));
    }

    #[test]
    fn refuses_broken_encoding() {
        for text in ["%", "%4", "%zz", "a%2", "%ff", "%%41"] {
            assert_eq!(decode(text), Err(InvalidEncoding), "{text}");
        }
    }
}
