//! `api-key create`: the key alone on standard output.

use std::process::ExitCode;

use spark_oauth_core::api_keys::{ApiKeyError, ApiKeyInput, ApiKeyService, Reach};
use spark_oauth_core::audit::Caller;
use spark_oauth_core::ports::{Clock as _, SystemClock};

use crate::cli::CreateKeyArguments;
use crate::commands::trouble::{WRONG_CALL, complain, say};

/// Who made a key at the command line.
const OPERATOR: &str = "operator";

pub(super) async fn create(keys: &ApiKeyService, arguments: CreateKeyArguments) -> ExitCode {
    let input = ApiKeyInput {
        name: arguments.name,
        scopes: arguments.scopes,
        reach: Reach::of(arguments.emails, arguments.domains),
        requests_per_minute: arguments.requests_per_minute,
        expires_at: arguments.expires.map(|end| end.seen_at(SystemClock.now())),
    };
    let created = match keys.create(input, OPERATOR, &Caller::operator()).await {
        Ok(created) => created,
        Err(error @ ApiKeyError::Input(_)) => return complain(&error, WRONG_CALL),
        Err(error) => return complain(&error, 1),
    };
    if let Err(error) = print(created.secret.expose_secret()) {
        let code = complain(&error, 1);
        say(&format!(
            "the key {} was made, but nobody has it; revoke it\n",
            created.key.id
        ));
        return code;
    }
    let ends = created
        .key
        .expires_at
        .map_or_else(|| "never".to_owned(), |end| end.to_string());
    say(&format!(
        "The API key “{}” was made; it is not shown again.\n  id: {}\n  scopes: {}\n  ends: {ends}\n",
        created.key.name, created.key.id, created.key.scopes
    ));
    ExitCode::SUCCESS
}

/// What nobody has read is lost, so a failure is told.
fn print(secret: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{secret}")?;
    out.flush()
}
