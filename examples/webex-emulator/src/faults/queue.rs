//! The faults that wait for their calls.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use parking_lot::Mutex;
use serde::Serialize;

use super::fault::{Cut, Fault, InvalidFault};
use crate::calls::CallPattern;

/// A fault that waits for its call.
#[derive(Debug)]
struct Armed {
    pattern: CallPattern,
    left: u32,
    effect: Effect,
}

/// What happens to one call.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) delay: Duration,
    pub(crate) cut: Option<Cut>,
    pub(crate) answer: Option<Answer>,
    /// Set on whatever is answered.
    pub(crate) headers: HeaderMap,
}

/// An answer in place of the provider's own.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Option<Bytes>,
}

/// One waiting fault, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PendingFault {
    /// The call that it waits for.
    pub call: String,
    /// How many more calls it spoils.
    pub times: u32,
}

/// The waiting faults, first in, first out for each call.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    queue: Mutex<VecDeque<Armed>>,
    /// The queue's length, so that calls take no lock while there is no fault.
    waiting: AtomicUsize,
}

impl Faults {
    pub(crate) fn push(&self, fault: Fault) -> Result<(), InvalidFault> {
        let armed = Armed::try_from(fault)?;
        let mut queue = self.queue.lock();
        queue.push_back(armed);
        self.waiting.store(queue.len(), Ordering::Release);
        Ok(())
    }

    pub(crate) fn clear(&self) {
        let mut queue = self.queue.lock();
        queue.clear();
        self.waiting.store(0, Ordering::Release);
    }

    pub(crate) fn pending(&self) -> Vec<PendingFault> {
        let describe = |fault: &Armed| PendingFault {
            call: fault.pattern.to_string(),
            times: fault.left,
        };
        self.queue.lock().iter().map(describe).collect()
    }

    /// The effect of the oldest fault that waits for this call.
    pub(crate) fn take(&self, method: &Method, path: &str) -> Option<Effect> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut queue = self.queue.lock();
        let position = queue
            .iter()
            .position(|fault| fault.pattern.matches(method, path))?;
        let fault = queue.get_mut(position)?;
        fault.left -= 1;
        let effect = fault.effect.clone();
        if fault.left == 0 {
            queue.remove(position);
        }
        self.waiting.store(queue.len(), Ordering::Release);
        Some(effect)
    }
}

impl TryFrom<Fault> for Armed {
    type Error = InvalidFault;

    fn try_from(fault: Fault) -> Result<Self, Self::Error> {
        let pattern = CallPattern::parse(&fault.call)?;
        if fault.times == 0 {
            return Err(InvalidFault::Times);
        }
        let status = fault.status.map(parse_status).transpose()?;
        let body = fault.body.map(Bytes::from);
        let answer = (status.is_some() || body.is_some()).then(|| Answer {
            status: status.unwrap_or(StatusCode::OK),
            body,
        });
        let effect = Effect {
            delay: Duration::from_millis(fault.delay_ms),
            cut: fault.drop,
            answer,
            headers: parse_headers(fault.headers)?,
        };
        Ok(Self {
            pattern,
            left: fault.times,
            effect,
        })
    }
}

fn parse_status(status: u16) -> Result<StatusCode, InvalidFault> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|code| (200..600).contains(&code.as_u16()))
        .ok_or(InvalidFault::Status(status))
}

fn parse_headers(given: BTreeMap<String, String>) -> Result<HeaderMap, InvalidFault> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let (Ok(parsed), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value),
        ) else {
            return Err(InvalidFault::Header(name));
        };
        if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&parsed) {
            return Err(InvalidFault::TransferHeader(name));
        }
        headers.insert(parsed, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = "GET /v1/people/me";

    fn take_status(faults: &Faults, path: &str) -> Option<u16> {
        Some(faults.take(&Method::GET, path)?.answer?.status.as_u16())
    }

    #[test]
    fn faults_are_taken_in_order_and_as_often_as_asked() {
        let faults = Faults::default();
        faults
            .push(Fault {
                status: Some(500),
                times: 2,
                ..Fault::on(CALL)
            })
            .unwrap();
        faults
            .push(Fault {
                status: Some(429),
                ..Fault::on("GET /v1/rooms/{id}")
            })
            .unwrap();
        faults
            .push(Fault {
                status: Some(503),
                ..Fault::on(CALL)
            })
            .unwrap();
        assert_eq!(take_status(&faults, "/v1/rooms/abc"), Some(429));
        let taken: Vec<_> = (0..4)
            .map(|_| take_status(&faults, "/v1/people/me"))
            .collect();
        assert_eq!(taken, [Some(500), Some(500), Some(503), None]);
        assert!(faults.pending().is_empty());
    }

    #[test]
    fn what_cannot_happen_is_refused() {
        let header = |name: &str, value: &str| {
            let headers = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            Fault {
                headers,
                ..Fault::on(CALL)
            }
        };
        let faults = Faults::default();
        for (fault, part) in [
            (Fault::on("GET /nowhere"), "call: `GET /nowhere`"),
            (
                Fault {
                    times: 0,
                    ..Fault::on(CALL)
                },
                "times: must be at least 1",
            ),
            (
                Fault {
                    status: Some(199),
                    ..Fault::on(CALL)
                },
                "status: 199",
            ),
            (header("a b", "x"), "`a b` is not a valid header"),
            (
                header("Retry-After", "1\r\nX: y"),
                "`Retry-After` is not a valid header",
            ),
            (header("Content-Length", "1"), "written by the server"),
        ] {
            let error = faults.push(fault).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert!(faults.pending().is_empty());
    }
}
