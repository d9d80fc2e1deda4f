//! Several records of one person, or of one username: which of them counts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::admins::SuperAdminSettings;
use crate::import::admin_candidate::AdminCandidate;
use crate::import::token_candidate::TokenCandidate;
use crate::import::{Remark, Report, SampleId, SampleRecord, Verdict};
use crate::integration::ClientId;

/// One person's records, the newest first.
pub(super) type PersonRecords<'s> = Vec<TokenCandidate<'s>>;

/// The records that can become tokens, by person. The newest of each counts; the
/// others are told of.
pub(super) fn by_person<'s>(
    records: &'s [SampleRecord],
    integration: &ClientId,
    report: &mut Report,
) -> Vec<PersonRecords<'s>> {
    let mut people: BTreeMap<String, PersonRecords<'s>> = BTreeMap::new();
    for record in records {
        if let Some(candidate) = TokenCandidate::read(record, integration, report) {
            let person = candidate.email.normalized().to_owned();
            people.entry(person).or_default().push(candidate);
        }
    }
    let mut people: Vec<_> = people.into_values().collect();
    for person in &mut people {
        // An ObjectId begins with the time of its making. Of records without one, the
        // last that stands there counts.
        person.reverse();
        person.sort_by_key(|candidate| Reverse(candidate.record.id.clone()));
        let [newest, older @ ..] = &person[..] else {
            continue;
        };
        for candidate in older {
            let remark = why_not(candidate.record, newest.record, Remark::Older);
            report.tell(&candidate.source(), Verdict::LeftOut, remark);
        }
    }
    people
}

/// The records that can become admins, one for each username; the others are told of.
/// The oldest counts, since that is the one the sample finds when somebody signs in,
/// but for the super admin: it is the one who is written as in the configuration.
pub(super) fn by_username<'s>(
    records: &'s [SampleRecord],
    super_admin: Option<&SuperAdminSettings>,
    report: &mut Report,
) -> Vec<AdminCandidate<'s>> {
    let configured = super_admin.map(|settings| settings.username.as_str());
    let mut candidates: Vec<_> = records
        .iter()
        .filter_map(|record| AdminCandidate::read(record, super_admin, report))
        .collect();
    candidates.sort_by_key(|candidate| {
        let as_configured = Some(candidate.username.as_str()) == configured;
        let id = candidate.record.id.clone();
        (
            candidate.username.normalized().to_owned(),
            !as_configured,
            id,
        )
    });
    let mut counting: Vec<AdminCandidate<'s>> = Vec::new();
    for candidate in candidates {
        match counting.last() {
            Some(first) if first.username == candidate.username => {
                let remark = why_not(candidate.record, first.record, Remark::UsernameRepeated);
                report.tell(&candidate.source(), Verdict::LeftOut, remark);
            }
            _ => counting.push(candidate),
        }
    }
    counting
}

fn why_not(
    record: &SampleRecord,
    counting: &SampleRecord,
    remark: impl FnOnce(SampleId) -> Remark,
) -> Remark {
    let same = record.id == counting.id && record.fields == counting.fields;
    if same {
        Remark::Repeated
    } else {
        remark(counting.id.clone())
    }
}
