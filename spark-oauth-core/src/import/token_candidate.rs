//! A record of the sample as a token, where it can be one.

use crate::email::{EmailAddress, InvalidEmail};
use crate::ids::TokenId;
use crate::import::derived_id::token_id;
use crate::import::record::{SampleRecord, SampleValue};
use crate::import::report::Source;
use crate::import::{Kind, Remark, Report, Verdict};
use crate::integration::ClientId;
use crate::secret::{AccessToken, RefreshToken};
use crate::timestamp::Timestamp;

/// The longest token that is imported, in bytes: the provider gives none that is longer.
pub(super) const MAX_TOKEN: usize = 8 * 1024;

/// What the sample merges into a token when a refresh fails.
const ERROR_FIELDS: [&str; 3] = ["message", "errors", "trackingId"];

/// A record of the sample that can become a token.
#[derive(Debug)]
pub(super) struct TokenCandidate<'s> {
    pub(super) record: &'s SampleRecord,
    pub(super) id: TokenId,
    pub(super) email: EmailAddress,
    pub(super) access: AccessToken,
    pub(super) refresh: RefreshToken,
    /// What there is to say of it although it can be imported.
    pub(super) remarks: Vec<Remark>,
}

impl<'s> TokenCandidate<'s> {
    /// Reads a record. One that cannot become a token is told of, with all that is
    /// wrong with it.
    pub(super) fn read(
        record: &'s SampleRecord,
        integration: &ClientId,
        report: &mut Report,
    ) -> Option<Self> {
        let mut source = Source {
            kind: Kind::Token,
            record,
            subject: None,
        };
        let email = email(record);
        source.subject = email.as_ref().ok().map(ToString::to_string);
        let access = token_text(record, "access_token").map(AccessToken::new);
        let refresh = token_text(record, "refresh_token").map(RefreshToken::new);
        match (email, access, refresh) {
            (Ok(email), Ok(access), Ok(refresh)) => Some(Self {
                record,
                id: token_id(integration, record, email.normalized()),
                email,
                access,
                refresh,
                remarks: remarks(record),
            }),
            (email, access, refresh) => {
                let faults = [email.err(), access.err(), refresh.err()];
                report.leave_out(&source, faults.into_iter().flatten());
                None
            }
        }
    }

    /// When the record was made, where that is known.
    pub(super) fn created_at(&self) -> Option<Timestamp> {
        self.record.id.created_at()
    }

    pub(super) fn source(&self) -> Source<'s> {
        Source {
            kind: Kind::Token,
            record: self.record,
            subject: Some(self.email.to_string()),
        }
    }

    /// Tells what there is to say of a token that is taken all the same.
    pub(super) fn tell_remarks(&self, report: &mut Report) {
        for remark in &self.remarks {
            report.tell(&self.source(), Verdict::Taken, remark.clone());
        }
    }
}

/// The text of a field that must be there.
pub(super) fn text<'s>(record: &'s SampleRecord, field: &'static str) -> Result<&'s str, Remark> {
    match record.fields.get(field) {
        None | Some(SampleValue::Null) => Err(Remark::Missing(field)),
        Some(SampleValue::Text(text)) if text.trim().is_empty() => Err(Remark::Missing(field)),
        Some(SampleValue::Text(text)) => Ok(text),
        Some(other) => Err(Remark::WrongType {
            field,
            expected: "a text",
            found: other.type_name(),
        }),
    }
}

fn token_text<'s>(record: &'s SampleRecord, field: &'static str) -> Result<&'s str, Remark> {
    let text = text(record, field)?;
    if text.len() > MAX_TOKEN {
        return Err(Remark::TooLong {
            field,
            length: text.len(),
            most: MAX_TOKEN,
        });
    }
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(text)
    } else {
        Err(Remark::NotAToken(field))
    }
}

/// The address of a record.
pub(super) fn email(record: &SampleRecord) -> Result<EmailAddress, Remark> {
    EmailAddress::parse(text(record, "email")?).map_err(|why| match why {
        InvalidEmail::Empty => Remark::Missing("email"),
        why => Remark::Email(why),
    })
}

fn remarks(record: &SampleRecord) -> Vec<Remark> {
    let lifetimes = ["expires_in", "refresh_token_expires_in"];
    let mut remarks: Vec<_> = lifetimes
        .into_iter()
        .filter_map(|field| lifetime_fault(record, field))
        .collect();
    let errors: Vec<_> = ERROR_FIELDS
        .into_iter()
        .filter(|field| record.fields.contains_key(*field))
        .collect();
    if !errors.is_empty() {
        remarks.push(Remark::ErrorFields(errors.join(", ")));
    }
    remarks
}

/// A lifetime says nothing without the time it counts from, which the sample never
/// kept: one that is wrong is no reason to leave the token out.
fn lifetime_fault(record: &SampleRecord, field: &'static str) -> Option<Remark> {
    match record.fields.get(field) {
        Some(SampleValue::Number) => None,
        None | Some(SampleValue::Null) => Some(Remark::Missing(field)),
        Some(other) => Some(Remark::WrongType {
            field,
            expected: "a number",
            found: other.type_name(),
        }),
    }
}
