//! `api-key …`: keys with which services authenticate.

use std::num::NonZeroU32;

use clap::{Args, Subcommand};
use spark_oauth_core::api_keys::{DomainName, KeyName, KeyScope};
use spark_oauth_core::{ApiKeyId, EmailAddress};

use super::AFTER_HELP;
use crate::moments::End;

/// What can be done with API keys.
#[derive(Clone, Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Make an API key, and print it
    ///
    /// Standard output holds the key alone, so that it can go straight into a file or a
    /// secret store. It is never shown again. It works while the server runs.
    #[command(after_help = AFTER_HELP)]
    Create(CreateKeyArguments),
    /// List the API keys, newest first, without the keys themselves
    #[command(after_help = AFTER_HELP)]
    List {
        /// Print an array of JSON in place of a table
        #[arg(long)]
        json: bool,
    },
    /// Revoke an API key: servers refuse it within a second
    #[command(after_help = AFTER_HELP)]
    Revoke {
        /// Which, as `api-key list` shows it
        id: ApiKeyId,
    },
}

/// What a new key is made of.
#[derive(Clone, Debug, Args)]
pub struct CreateKeyArguments {
    /// What the key is called in lists and in the audit log
    #[arg(long, value_parser = KeyName::parse)]
    pub name: KeyName,
    /// What it may do; repeat it for more [tokens:read, tokens:use, tokens:write,
    /// consents:request]
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    pub scopes: Vec<KeyScope>,
    /// Only for the tokens of this person; repeat it for more [default: everybody]
    #[arg(long = "email", value_name = "ADDRESS", value_parser = EmailAddress::parse)]
    pub emails: Vec<EmailAddress>,
    /// Only for the tokens of people with an address in this domain; repeat it for more
    #[arg(long = "domain", value_name = "DOMAIN", value_parser = DomainName::parse)]
    pub domains: Vec<DomainName>,
    /// When it ends by itself: days such as 90d, a day such as 2027-01-31 (in UTC), or a
    /// time of RFC 3339 [default: never]
    #[arg(long, value_name = "WHEN", value_parser = End::parse)]
    pub expires: Option<End>,
    /// How many requests a minute it may make [default: any number]
    #[arg(long, value_name = "NUMBER")]
    pub requests_per_minute: Option<NonZeroU32>,
}
