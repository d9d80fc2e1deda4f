//! Cookies of a request, read as bytes.

/// The name and value of every cookie in the fields `Cookie` of a request, in the order in
/// which the browser sent them.
///
/// A browser also sends the cookies of other applications on the same host, which may hold
/// any bytes (RFC 6265 section 8.5: ports share cookies). A cookie whose name or value is
/// not UTF-8 is skipped.
pub fn cookies<'h>(
    fields: impl IntoIterator<Item = &'h [u8]>,
) -> impl Iterator<Item = (&'h str, &'h str)> {
    let pairs = fields
        .into_iter()
        .flat_map(|field| field.split(|byte| *byte == b';'));
    pairs.filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (&pair[..equals], pair[equals + 1..].trim_ascii());
        let quoted = value.strip_prefix(b"\"");
        let quoted = quoted.and_then(|value| value.strip_suffix(b"\""));
        let name = std::str::from_utf8(name.trim_ascii()).ok()?;
        Some((name, std::str::from_utf8(quoted.unwrap_or(value)).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(fields: &[&[u8]]) -> Vec<String> {
        let ours = cookies(fields.iter().copied()).filter(|(name, _)| *name == "b");
        ours.map(|(_, value)| value.to_owned()).collect()
    }

    #[test]
    fn a_cookie_is_found_among_cookies_of_any_bytes() {
        let huge = [&b"a="[..], &vec![b'x'; 300_000], b"; b=1"].concat();
        let cases: [(&[&[u8]], &[&str]); 12] = [
            (&[b"user=Andr\xe9; b=1"], &["1"]),
            (&[b"\xff\xfe=; \0; b=1; x=\xf0\x9f"], &["1"]),
            (&["user=Алиса;b=1;c".as_bytes()], &["1"]),
            (&[b"a=1;  b = \"1\"  ;"], &["1"]),
            (&[b"b=\"1"], &["\"1"]),
            (&[b"b=\xe9; b=1"], &["1"]),
            // Several fields, as HTTP/2 sends them.
            (&[b"a=\x80", b"b=1"], &["1"]),
            // A cookie of a parent domain or of a longer path has the same name.
            (&[b"b=2; b=1"], &["2", "1"]),
            (&[b"b=1=2=="], &["1=2=="]),
            (&[&huge], &["1"]),
            (&[b"B=1; xb=1; a=b=1"], &[]),
            (&[b"", b";;=;", b"b"], &[]),
        ];
        for (fields, found) in cases {
            assert_eq!(values(fields), found);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_cookies_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = cookies([&bytes[..]]).count();
        }
    }
}
