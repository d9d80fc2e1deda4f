//! Reading what is to be imported.

use std::error::Error;

use spark_oauth_core::import::{Sample, SampleCleaner};

use super::Origin;
use crate::commands::trouble::WRONG_CALL;
use crate::config::SampleDatabaseNames;

/// What was read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) sample: Sample,
    /// Where imported records can be deleted from.
    pub(super) cleaner: Option<Box<dyn SampleCleaner>>,
    /// Files that were not read, and why.
    pub(super) skipped: Vec<String>,
}

/// Why nothing was read.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) source: Box<dyn Error>,
    /// The exit code.
    pub(super) code: u8,
}

#[cfg(feature = "mongo")]
pub(super) async fn read(origin: &Origin, names: &SampleDatabaseNames) -> Result<Reading, Unread> {
    use spark_oauth_store_mongo::{ConnectError, SampleError};

    let reading = match origin {
        Origin::Server(uri) => from_server(uri.expose_secret(), names).await,
        Origin::Export(path) => from_export(path, names),
    };
    reading.map_err(|error| {
        let wrong_call = matches!(
            error,
            SampleError::Connect(
                ConnectError::Uri(_) | ConnectError::Userinfo | ConnectError::DatabaseName(_)
            )
        );
        Unread {
            source: error.into(),
            code: if wrong_call { WRONG_CALL } else { 1 },
        }
    })
}

#[cfg(feature = "mongo")]
async fn from_server(
    uri: &str,
    names: &SampleDatabaseNames,
) -> Result<Reading, spark_oauth_store_mongo::SampleError> {
    use std::time::Duration;

    use spark_oauth_store_mongo::{MongoOptions, SampleDatabases};

    // One answer may hold thousands of records, and nobody waits for a page.
    let options = MongoOptions::new(uri)
        .admin_db(&names.admin_db)
        .token_db(&names.token_db)
        .app_name("spark-oauth-web import")
        .operation_limit(Duration::from_secs(30));
    let databases = SampleDatabases::connect(&options).await?;
    Ok(Reading {
        sample: databases.read().await?,
        cleaner: Some(Box::new(databases)),
        skipped: Vec::new(),
    })
}

#[cfg(feature = "mongo")]
fn from_export(
    path: &std::path::Path,
    names: &SampleDatabaseNames,
) -> Result<Reading, spark_oauth_store_mongo::SampleError> {
    use spark_oauth_store_mongo::{SampleCollections, SampleExport};

    let collections = SampleCollections {
        token_db: names.token_db.clone(),
        admin_db: names.admin_db.clone(),
    };
    let export = SampleExport::read(path, &collections)?;
    let skipped = export.skipped.iter();
    let skipped = skipped.map(|skipped| format!("{} ({})", skipped.path.display(), skipped.reason));
    Ok(Reading {
        skipped: skipped.collect(),
        sample: export.sample,
        cleaner: None,
    })
}

#[cfg(not(feature = "mongo"))]
pub(super) async fn read(
    _origin: &Origin,
    _names: &SampleDatabaseNames,
) -> Result<Reading, Unread> {
    let text = "this build cannot import: it was built without the feature `mongo`";
    Err(Unread {
        source: text.into(),
        code: WRONG_CALL,
    })
}
