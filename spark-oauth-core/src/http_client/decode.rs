//! Decodes a body, whatever its content coding.
//!
//! Servers and content delivery networks compress without being asked, and proxies
//! strip or add `Content-Encoding`. The format is therefore detected from the bytes, not
//! from the header. The part before a fault or the limit is kept.

use std::io::{Cursor, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use zeroize::Zeroizing;

/// The maximum number of nested codings.
const MAX_LAYERS: usize = 3;

/// The buffer of the brotli decoder, in bytes.
const BROTLI_BUFFER: usize = 4 * 1024;

const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// A body without its codings.
pub(crate) struct Decoded {
    /// UTF-8 where the body is text; cut at the limit.
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// Whether the body is complete.
    pub(crate) whole: bool,
}

/// Decodes gzip, zlib, raw deflate, Zstandard, brotli and UTF-16, to at most `limit`
/// bytes. Bytes that are none of these stay as they are.
pub(crate) fn decode(body: Zeroizing<Vec<u8>>, limit: usize) -> Decoded {
    let mut decoded = Decoded { body, whole: true };
    for _ in 0..MAX_LAYERS {
        let Some(inner) = decompress(&decoded.body, limit) else {
            break;
        };
        decoded.whole &= inner.whole;
        decoded.body = inner.body;
    }
    if let Some(text) = from_utf16(&decoded.body) {
        decoded.body = text;
    }
    decoded
}

/// `None` where the bytes are not compressed.
fn decompress(body: &[u8], limit: usize) -> Option<Decoded> {
    if is_text(body) || from_utf16(body).is_some() {
        return None;
    }
    let bytes = Cursor::new(body);
    let zlib = matches!(body, [0x78, flags, ..] if (0x7800 + u16::from(*flags)) % 31 == 0);
    let by_magic = match body {
        [0x1f, 0x8b, ..] => Some(read(MultiGzDecoder::new(bytes.clone()), limit)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ruzstd::decoding::StreamingDecoder::new(bytes.clone())
            .ok()
            .map(|decoder| read(decoder, limit)),
        _ if zlib => Some(read(ZlibDecoder::new(bytes.clone()), limit)),
        _ => None,
    };
    if let Some(inner) = by_magic.filter(|inner| !inner.body.is_empty()) {
        return Some(inner);
    }
    // Brotli and raw deflate have no magic bytes: accept them if the result is text.
    let brotli = brotli_decompressor::Decompressor::new(bytes.clone(), BROTLI_BUFFER);
    let unmarked = [read(brotli, limit), read(DeflateDecoder::new(bytes), limit)];
    unmarked.into_iter().find(|inner| is_text(&inner.body))
}

fn read(decoder: impl Read, limit: usize) -> Decoded {
    let mut body = Zeroizing::new(Vec::with_capacity(16 * 1024));
    // One byte more than the limit distinguishes a truncated body from one that fits.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let end = decoder.take(most).read_to_end(&mut body);
    let whole = end.is_ok() && body.len() <= limit;
    body.truncate(limit);
    Decoded { body, whole }
}

/// Whether the bytes begin like JSON or a page, or are text as a whole.
fn is_text(body: &[u8]) -> bool {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let Some(first) = first else {
        return false;
    };
    let second = body.get(1).copied().unwrap_or(b' ');
    if second != 0 && matches!(first, b'{' | b'[' | b'<' | b'"') {
        return true;
    }
    std::str::from_utf8(body)
        .is_ok_and(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()))
}

/// Converts UTF-16, detected by a byte order mark or by a zero byte beside an ASCII
/// character; `None` for anything else.
fn from_utf16(body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (bytes, is_big_endian) = match body {
        [0xfe, 0xff, rest @ ..] => (rest, true),
        [0xff, 0xfe, rest @ ..] => (rest, false),
        [0, b'{' | b'[', ..] => (body, true),
        [b'{' | b'[', 0, ..] => (body, false),
        _ => return None,
    };
    let mut text = Zeroizing::new(String::with_capacity(bytes.len()));
    let units = bytes.chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if is_big_endian {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }
    });
    text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Some(Zeroizing::new(std::mem::take(&mut *text).into_bytes()))
}

#[cfg(test)]
mod tests;
