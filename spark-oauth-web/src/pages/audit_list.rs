use askama::Template;
use spark_oauth_core::audit::{AuditAction, OutcomeKind};

use super::audit_words::action_words;
use super::{FormErrors, Layout, TimeView};
use crate::moments::is_day;

/// `GET /admin/audit`.
#[derive(Debug, Template)]
#[template(path = "audit_list.html")]
pub struct AuditListPage {
    /// Frame of the page.
    pub layout: Layout,
    /// For how many days entries are kept; `None` for ever.
    pub keep_days: Option<u64>,
    /// What the list is narrowed to.
    pub filter: AuditSearch,
    /// What is wrong with the search; nothing is shown then.
    pub errors: FormErrors,
    /// One page of entries.
    pub rows: Vec<AuditRow>,
    /// Link to the first page, unless this is it.
    pub first_page: Option<String>,
    /// Link to the next page, unless this is the last.
    pub next_page: Option<String>,
}

/// The fields of the search form, as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditSearch {
    /// Who acted; empty for all.
    pub actor: String,
    /// To whom; empty for all.
    pub subject: String,
    /// To which token; empty for all.
    pub token: String,
    /// Which API key acted, or had something done to it; empty for all.
    pub api_key: String,
    /// What was done.
    pub action: String,
    /// How it ended.
    pub outcome: String,
    /// From this day on.
    pub from: String,
    /// To the end of this day.
    pub until: String,
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// What was done, in words.
    pub action: &'static str,
    /// To whom, or to whose token.
    pub subject: Option<String>,
    /// Link to the token's page.
    pub token: Option<String>,
    /// Link to the page of the API key that something was done to.
    pub key: Option<String>,
    /// Link to the page of the API key that acted.
    pub actor_key: Option<String>,
    /// Who acted.
    pub actor: String,
    /// What kind of actor it was.
    pub actor_kind: &'static str,
    /// When.
    pub at: TimeView,
    /// From which address.
    pub address: Option<String>,
    /// In which request, the first one where there were several.
    pub request_id: Option<String>,
    /// How many events of this kind happened within a second.
    pub count: u32,
    /// The last request, where there were several.
    pub last_request_id: Option<String>,
    /// How it ended.
    pub outcome: OutcomeKind,
    /// Why it was refused or failed, in words.
    pub reason: Option<String>,
}

impl AuditSearch {
    /// The fields by name, in the order of the form.
    pub fn fields(&self) -> [(&'static str, &str); 8] {
        [
            ("actor", &self.actor),
            ("subject", &self.subject),
            ("token", &self.token),
            ("api_key", &self.api_key),
            ("action", &self.action),
            ("outcome", &self.outcome),
            ("from", &self.from),
            ("until", &self.until),
        ]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields().iter().all(|(_, value)| value.is_empty())
    }
}

impl AuditListPage {
    /// A browser shows nothing but days in a field for dates: what was typed or linked
    /// otherwise stays in sight in a field for text.
    #[expect(
        clippy::unused_self,
        reason = "the template reaches it through the page"
    )]
    pub(super) fn date_field(&self, value: &str) -> &'static str {
        if value.is_empty() || is_day(value) {
            "type=\"date\""
        } else {
            "type=\"text\""
        }
    }

    /// Every action with its words, in the order of the words.
    #[expect(
        clippy::unused_self,
        reason = "the template reaches it through the page"
    )]
    pub(super) fn actions(&self) -> Vec<(&'static str, &'static str)> {
        let mut actions = AuditAction::ALL.map(|action| (action.as_str(), action_words(action)));
        actions.sort_by_key(|(_, words)| *words);
        actions.into()
    }

    #[expect(
        clippy::unused_self,
        reason = "the template reaches it through the page"
    )]
    pub(super) fn outcomes(&self) -> [(&'static str, &'static str); 3] {
        OutcomeKind::ALL.map(|outcome| (outcome.as_str(), outcome_word(outcome)))
    }
}

impl AuditRow {
    pub(super) const fn outcome_word(&self) -> &'static str {
        outcome_word(self.outcome)
    }

    pub(super) const fn outcome_class(&self) -> &'static str {
        match self.outcome {
            OutcomeKind::Done => "good",
            OutcomeKind::Refused => "warning",
            OutcomeKind::Failed => "danger",
        }
    }
}

const fn outcome_word(outcome: OutcomeKind) -> &'static str {
    match outcome {
        OutcomeKind::Done => "Done",
        OutcomeKind::Refused => "Refused",
        OutcomeKind::Failed => "Failed",
    }
}
