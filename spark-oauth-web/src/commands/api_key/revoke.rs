//! `api-key revoke ID`.

use std::process::ExitCode;

use spark_oauth_core::ApiKeyId;
use spark_oauth_core::api_keys::ApiKeyService;
use spark_oauth_core::audit::Caller;

use crate::commands::trouble::{complain, say};

pub(super) async fn revoke(keys: &ApiKeyService, id: ApiKeyId) -> ExitCode {
    match keys.revoke(id, &Caller::operator()).await {
        Ok(key) => {
            say(&format!(
                "The API key “{}” is revoked; servers refuse it within a second.\n",
                key.name
            ));
            ExitCode::SUCCESS
        }
        Err(error) => complain(&error, 1),
    }
}
