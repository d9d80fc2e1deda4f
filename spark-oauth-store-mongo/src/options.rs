//! Where a store lies and how it is reached.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// Where a store lies and how it is reached.
#[derive(Clone)]
pub struct MongoOptions {
    pub(crate) uri: String,
    pub(crate) token_db: String,
    pub(crate) admin_db: String,
    pub(crate) app_name: String,
    pub(crate) operation_limit: Duration,
    pub(crate) pool_size: NonZeroU32,
}

impl MongoOptions {
    /// The database of the tokens where none is given, as in the Node.js sample.
    pub const TOKEN_DB: &'static str = "tokenCenter";

    /// The database of the admins where none is given, as in the Node.js sample.
    pub const ADMIN_DB: &'static str = "adminUsers";

    /// A store behind a `mongodb://` or `mongodb+srv://` [connection string].
    ///
    /// What the string says of hosts, credentials, TLS, compression, time limits
    /// and the size of the pool holds. Read concern, read preference and write
    /// concern are fixed, since the promises of the ports depend on them.
    ///
    /// [connection string]: https://www.mongodb.com/docs/manual/reference/connection-string/
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            token_db: Self::TOKEN_DB.to_owned(),
            admin_db: Self::ADMIN_DB.to_owned(),
            app_name: "spark-oauth".to_owned(),
            operation_limit: Duration::from_secs(5),
            pool_size: const { NonZeroU32::new(32).unwrap() },
        }
    }

    /// The database of tokens and consents. Default: [`TOKEN_DB`](Self::TOKEN_DB).
    #[must_use]
    pub fn token_db(mut self, name: impl Into<String>) -> Self {
        self.token_db = name.into();
        self
    }

    /// The database of admins, sessions, audit log and keys. May be the same as the
    /// other. Default: [`ADMIN_DB`](Self::ADMIN_DB).
    #[must_use]
    pub fn admin_db(mut self, name: impl Into<String>) -> Self {
        self.admin_db = name.into();
        self
    }

    /// The name that the server's log and `currentOp` show, where the connection
    /// string has no `appName`. Default: `spark-oauth`.
    #[must_use]
    pub fn app_name(mut self, name: impl Into<String>) -> Self {
        self.app_name = name.into();
        self
    }

    /// After what time an operation is given up, with everything that belongs to
    /// it: finding a server, waiting for a connection, the answer. It is answered
    /// [`StoreError::Unavailable`](spark_oauth_core::ports::StoreError::Unavailable)
    /// then. Default: 5 seconds.
    #[must_use]
    pub fn operation_limit(mut self, limit: Duration) -> Self {
        self.operation_limit = limit;
        self
    }

    /// How many connections to one server at most, where the connection string has
    /// no `maxPoolSize`. Default: 32.
    #[must_use]
    pub fn pool_size(mut self, connections: NonZeroU32) -> Self {
        self.pool_size = connections;
        self
    }
}

impl fmt::Debug for MongoOptions {
    /// Shows nothing of the connection string, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoOptions")
            .field("token_db", &self.token_db)
            .field("admin_db", &self.admin_db)
            .field("app_name", &self.app_name)
            .field("operation_limit", &self.operation_limit)
            .field("pool_size", &self.pool_size)
            .finish_non_exhaustive()
    }
}
