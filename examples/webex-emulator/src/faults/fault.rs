//! A fault as a test describes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use crate::calls::UnknownCall;

/// When a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cut {
    /// Before the work: nothing happened at the provider.
    Before,
    /// After the work: it happened, but the caller never learns of it.
    After,
}

/// Something that goes wrong at the next `times` calls of one kind.
///
/// - `drop` cuts the TCP connection and takes precedence over an answer.
/// - `status` or `body` answer instead of doing the work.
/// - `headers` alone are added to the real answer, `delay_ms` alone makes it slow.
///
/// `delay_ms` comes before the work; with [`Cut::After`] it comes between work and cut.
///
/// ```
/// use webex_emulator::Fault;
///
/// let fault = Fault { status: Some(503), times: 3, ..Fault::on("POST /v1/access_token") };
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// Method and path: a template such as `DELETE /v1/rooms/{id}`, or a concrete path.
    pub call: String,
    /// How many calls it spoils.
    #[serde(default = "once", deserialize_with = "once_if_null")]
    pub times: u32,
    /// The status to answer, from 200 to 599; 200 where only a body is given.
    #[serde(default)]
    pub status: Option<u16>,
    /// Headers of the answer.
    #[serde(default, deserialize_with = "empty_if_null")]
    pub headers: BTreeMap<String, String>,
    /// The body of the answer; where absent, the provider's standard error of that status.
    #[serde(default, deserialize_with = "text_as_bytes")]
    pub body: Option<Vec<u8>>,
    /// Milliseconds to wait.
    #[serde(default, deserialize_with = "empty_if_null")]
    pub delay_ms: u64,
    /// Whether, and when, the connection is cut.
    #[serde(default)]
    pub drop: Option<Cut>,
}

fn once() -> u32 {
    1
}

fn once_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(once))
}

fn empty_if_null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn text_as_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(String::into_bytes))
}

impl Fault {
    /// A fault that does nothing yet, for the next call of this kind.
    pub fn on(call: impl Into<String>) -> Self {
        Self {
            call: call.into(),
            times: 1,
            status: None,
            headers: BTreeMap::new(),
            body: None,
            delay_ms: 0,
            drop: None,
        }
    }
}

/// The fault cannot happen as described.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidFault {
    /// `call` names no call of the emulator.
    #[error("call: {0}")]
    Call(#[from] UnknownCall),
    /// `times` is 0.
    #[error("times: must be at least 1")]
    Times,
    /// The status cannot be that of an answer.
    #[error("status: {0} is not between 200 and 599")]
    Status(u16),
    /// The header's name or value has characters that no header has.
    #[error("headers: `{0}` is not a valid header")]
    Header(String),
    /// The header describes the transfer, which the server writes itself.
    #[error("headers: `{0}` is written by the server itself; leave it out")]
    TransferHeader(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_from_json_with_defaults() {
        let fault: Fault = serde_json::from_str(
            r#"{"call":"GET /v1/people/me","times":null,"headers":null,"drop":"after","body":"x"}"#,
        )
        .unwrap();
        let expected = Fault {
            drop: Some(Cut::After),
            body: Some(b"x".to_vec()),
            ..Fault::on("GET /v1/people/me")
        };
        assert_eq!(fault, expected);
    }
}
