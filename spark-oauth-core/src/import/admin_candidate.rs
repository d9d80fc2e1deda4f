//! A record of the sample as an admin, where it can be one.

use crate::admins::{PasswordHash, Role, SuperAdminSettings, Username};
use crate::email::EmailAddress;
use crate::ids::AdminId;
use crate::import::derived_id::admin_id;
use crate::import::record::SampleRecord;
use crate::import::report::Source;
use crate::import::token_candidate::{email, text};
use crate::import::{Kind, Remark, Report, Verdict};

/// How much of a name that is no username is shown, in characters.
const SHOWN_NAME: usize = 40;

/// A record of the sample that can become an admin.
#[derive(Debug)]
pub(super) struct AdminCandidate<'s> {
    pub(super) record: &'s SampleRecord,
    pub(super) id: AdminId,
    pub(super) username: Username,
    pub(super) email: Option<EmailAddress>,
    pub(super) password_hash: PasswordHash,
    pub(super) role: Role,
    /// What there is to say of it although it can be imported.
    pub(super) remarks: Vec<Remark>,
}

impl<'s> AdminCandidate<'s> {
    /// Reads a record. One that cannot become an admin is told of, with all that is
    /// wrong with it.
    pub(super) fn read(
        record: &'s SampleRecord,
        super_admin: Option<&SuperAdminSettings>,
        report: &mut Report,
    ) -> Option<Self> {
        let name = text(record, "username");
        let source = Source {
            kind: Kind::Admin,
            record,
            subject: name.as_ref().ok().map(|name| shown(name)),
        };
        let username = name.and_then(|name| Username::parse(name).map_err(|_| Remark::Username));
        let named = username.as_ref().ok();
        let is_super = super_admin.is_some_and(|settings| Some(&settings.username) == named);
        let hash = password_hash(record, is_super);
        match (username, hash) {
            (Ok(username), Ok(password_hash)) => {
                let (email, remark) = match email(record) {
                    Ok(email) => (Some(email), None),
                    Err(remark) => (None, Some(remark)),
                };
                Some(Self {
                    record,
                    id: admin_id(record, username.normalized()),
                    username,
                    email,
                    password_hash,
                    role: if is_super {
                        Role::SuperAdmin
                    } else {
                        Role::Admin
                    },
                    remarks: remark.into_iter().collect(),
                })
            }
            (username, hash) => {
                let faults = [username.err(), hash.err()];
                report.leave_out(&source, faults.into_iter().flatten());
                None
            }
        }
    }

    pub(super) fn source(&self) -> Source<'s> {
        Source {
            kind: Kind::Admin,
            record: self.record,
            subject: Some(self.username.to_string()),
        }
    }

    /// Tells what there is to say of an admin who is taken all the same.
    pub(super) fn tell_remarks(&self, report: &mut Report) {
        for remark in &self.remarks {
            report.tell(&self.source(), Verdict::Taken, remark.clone());
        }
    }
}

fn password_hash(record: &SampleRecord, is_super: bool) -> Result<PasswordHash, Remark> {
    let text = text(record, "password")?;
    PasswordHash::parse(text).map_err(|_| {
        if is_super {
            Remark::SuperAdminHash
        } else {
            Remark::Hash
        }
    })
}

/// A name that may be no username, so that it can be found in the source: its control
/// characters are escaped.
fn shown(name: &str) -> String {
    match Username::parse(name) {
        Ok(username) => username.to_string(),
        Err(_) => format!("{:?}", name.chars().take(SHOWN_NAME).collect::<String>()),
    }
}
