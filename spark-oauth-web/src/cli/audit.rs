//! `audit …`: who did what.

use clap::{Args, Subcommand};
use spark_oauth_core::audit::{AuditAction, OutcomeKind};
use spark_oauth_core::ports::AuditFilter;
use spark_oauth_core::{ApiKeyId, Timestamp, TokenId};

use super::AFTER_HELP;
use crate::moments::{parse_from, parse_until};

/// What can be done with the audit log.
#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// Print the entries as JSON Lines, newest first
    ///
    /// One object for each line; the crate documentation of spark-oauth-core describes
    /// it (`audit::AuditLine`). The export is written down in the audit log itself. It
    /// works while the server runs.
    #[command(after_help = AFTER_HELP)]
    Export(AuditExportArguments),
}

/// Which entries to export.
#[derive(Clone, Debug, Args)]
pub struct AuditExportArguments {
    /// Only what happened then or later: a day such as 2026-11-25 (in UTC), or a time of
    /// RFC 3339
    #[arg(long, value_name = "WHEN", value_parser = parse_from)]
    pub from: Option<Timestamp>,
    /// Only what happened before: a day, which counts to its end, or a time
    #[arg(long, value_name = "WHEN", value_parser = parse_until)]
    pub until: Option<Timestamp>,
    /// Only what they did: an e-mail address, a username or the name of a key
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// Only what was done to them, or to their tokens
    #[arg(long, value_name = "NAME")]
    pub subject: Option<String>,
    /// Only what was done to this token
    #[arg(long, value_name = "ID")]
    pub token: Option<TokenId>,
    /// Only what this API key did, and what was done to it; keys may share a name
    #[arg(long, value_name = "ID")]
    pub api_key: Option<ApiKeyId>,
    /// Only this action, such as `token_revealed`
    #[arg(long)]
    pub action: Option<AuditAction>,
    /// Only what ended so: done, refused or failed
    #[arg(long)]
    pub outcome: Option<OutcomeKind>,
}

impl From<AuditExportArguments> for AuditFilter {
    fn from(arguments: AuditExportArguments) -> Self {
        Self {
            actor: arguments.actor,
            subject: arguments.subject,
            token: arguments.token,
            api_key: arguments.api_key,
            action: arguments.action,
            outcome: arguments.outcome,
            from: arguments.from,
            until: arguments.until,
        }
    }
}
