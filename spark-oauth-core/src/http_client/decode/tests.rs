//! Codings as servers write them, whole, cut and wrong.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;

const TEXT: &str = r#"{"access_token":"t-1","refresh_token":"r-1","expires_in":64799}"#;
const LIMIT: usize = 100_000;

/// [`TEXT`], as Node.js and the tool `zstd` compress it.
const BROTLI: &str =
    "Gz4A6KwOeNPQq3wEblsXvyhZdPYqJq3k6Frky4Zm5tz0VUuZY1w+KN8wXRMNoDci5JrpUm7ySeCFDAykzBcD";
const BROTLI_STORED: &str =
    "Cx+AeyJhY2Nlc3NfdG9rZW4iOiJ0LTEiLCJyZWZyZXNoX3Rva2VuIjoici0xIiwiZXhwaXJlc19pbiI6NjQ3OTl9Aw==";
const ZSTD: &str =
    "KLUv/QBY1QEAFAN7ImFjY2Vzc190b2tlbiI6InQtMSIsInJlZnJlc2hyZXhwaXJlc19pbiI6NjQ3OTl9AgBACLOYTg==";
const ZSTD_CHECKED: &str = "KLUv/QRo1QEAFAN7ImFjY2Vzc190b2tlbiI6InQtMSIsInJlZnJlc2hyZXhwaXJlc19pbiI6NjQ3OTl9AgBACLOYTsmO18U=";

fn base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn deflate(body: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn decoded(body: &[u8]) -> Decoded {
    decode(Zeroizing::new(body.to_vec()), LIMIT)
}

#[test]
fn every_coding_is_found_in_the_bytes() {
    let marked = format!("\u{feff}{TEXT}");
    for (coding, body) in [
        ("gzip", gzip(TEXT.as_bytes())),
        (
            "two gzip members",
            [gzip(&TEXT.as_bytes()[..20]), gzip(&TEXT.as_bytes()[20..])].concat(),
        ),
        ("gzip twice", gzip(&gzip(TEXT.as_bytes()))),
        ("brotli in gzip", gzip(&base64(BROTLI))),
        ("zlib, fastest", zlib(TEXT.as_bytes(), 1)),
        ("zlib", zlib(TEXT.as_bytes(), 6)),
        ("zlib, best", zlib(TEXT.as_bytes(), 9)),
        ("raw deflate", deflate(TEXT.as_bytes(), 6)),
        ("raw deflate, stored", deflate(TEXT.as_bytes(), 0)),
        ("brotli", base64(BROTLI)),
        ("brotli, stored", base64(BROTLI_STORED)),
        ("zstd", base64(ZSTD)),
        ("zstd with a checksum", base64(ZSTD_CHECKED)),
        ("UTF-16, little endian", utf16(TEXT, u16::to_le_bytes)),
        ("UTF-16, big endian", utf16(TEXT, u16::to_be_bytes)),
        ("UTF-16 with a mark", utf16(&marked, u16::to_be_bytes)),
        ("UTF-16 in gzip", gzip(&utf16(&marked, u16::to_le_bytes))),
    ] {
        let decoded = decoded(&body);
        assert_eq!(String::from_utf8_lossy(&decoded.body), TEXT, "{coding}");
        assert!(decoded.whole, "{coding}");
    }
}

#[test]
fn bytes_that_are_not_compressed_stay_as_they_are() {
    for body in [
        &b""[..],
        b" \r\n",
        TEXT.as_bytes(),
        b"\xef\xbb\xbf{\"a\":1}",
        b"{\"name\":\"M\xfcller\"}",
        b"<!doctype html>",
        b"x^2 is what this text begins with",
        b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        b"\x1f\x8b",
        b"\x1f\x8b is not gzip",
        b"\x28\xb5\x2f\xfd is not zstd",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        "räksmörgås".as_bytes(),
    ] {
        let decoded = decoded(body);
        assert_eq!(&**decoded.body, body, "{body:?}");
        assert!(decoded.whole, "{body:?}");
    }
}

#[test]
fn what_comes_before_a_fault_is_kept() {
    let mut long = TEXT.as_bytes().to_vec();
    long.resize(50_000, b' ');
    let whole = gzip(&long);
    for body in [
        // Without its checksum, with a wrong one, and cut in the middle.
        whole[..whole.len() - 8].to_vec(),
        [&whole[..whole.len() - 8], &[7; 8]].concat(),
        whole[..whole.len() - 20].to_vec(),
        [&whole[..], b"\r\n"].concat(),
    ] {
        let decoded = decoded(&body);
        assert!(
            decoded.body.starts_with(TEXT.as_bytes()),
            "{}",
            decoded.body.len()
        );
    }
    assert!(!decoded(&whole[..whole.len() - 20]).whole);
}

#[test]
fn a_bomb_ends_at_the_limit() {
    let mut bomb = TEXT.as_bytes().to_vec();
    bomb.resize(20_000_000, b' ');
    for body in [gzip(&bomb), zlib(&bomb, 9), gzip(&gzip(&bomb))] {
        let decoded = decoded(&body);
        assert_eq!(decoded.body.len(), LIMIT);
        assert!(decoded.body.starts_with(TEXT.as_bytes()));
        assert!(!decoded.whole);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..300), magic in 0..5_usize) {
        let magics: [&[u8]; 5] = [b"", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x78\x9c", b"\xff\xfe"];
        let body = [magics[magic], body.as_slice()].concat();
        prop_assert!(decoded(&body).body.len() <= LIMIT.max(body.len() * 2));
    }

    #[test]
    fn any_text_survives_any_coding(text in "\\{[^\\x00-\\x08]{0,200}") {
        for body in [gzip(text.as_bytes()), zlib(text.as_bytes(), 9), deflate(text.as_bytes(), 9)] {
            prop_assert_eq!(&**decoded(&body).body, text.as_bytes());
        }
    }
}
