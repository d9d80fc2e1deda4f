//! The databases that are measured: so many tokens, and some admins.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use spark_oauth_core::admins::{Admin, PasswordHash, Role, Username};
use spark_oauth_core::api_keys::{ApiKey, KeyName, KeyScope, KeyScopes, KeyText, Reach};
use spark_oauth_core::keyring::{KeyRing, SealingKey};
use spark_oauth_core::ports::{AdminStore, ApiKeyStore, Clock as _, SystemClock, SystemRandom};
use spark_oauth_core::token::FIRST_VERSION;
use spark_oauth_core::{AdminId, ApiKeyId, ApiKeySecret, TokenId};
use spark_oauth_store_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::Outcome;
use crate::fill::fill;
use crate::tokens::token;

/// The emulator takes any.
pub(crate) const CLIENT_SECRET: &str = "the-secret-of-the-benchmark";

/// The password of every admin.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// How many admins there are, the super admin among them.
pub(crate) const ADMINS: usize = 8;

/// The cost that the design asks for.
pub(crate) const COST: u32 = 12;

/// A database in a folder of its own, which goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Database {
    folder: TempDir,
    keys: String,
    api_key: ApiKeySecret,
    /// The tokens, in the order of their making.
    pub(crate) tokens: Vec<TokenId>,
}

impl Database {
    /// Makes a database with so many tokens.
    pub(crate) async fn with_tokens(count: usize) -> Outcome<Self> {
        let key = SealingKey::generate(&SystemRandom);
        let api_key = KeyText::generate(&SystemRandom);
        let mut database = Self {
            folder: tempfile::tempdir()?,
            keys: key.to_base64().to_string(),
            api_key: api_key.secret().clone(),
            tokens: Vec::with_capacity(count),
        };
        let store = database.open().await?;
        add_admins(&store).await?;
        add_api_key(&store, &api_key).await?;
        database.add_tokens(&store, count).await?;
        store.close().await;
        Ok(database)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder().join("spark-oauth.db")
    }

    /// The keys that seal the tokens, as the environment gives them.
    pub(crate) fn keys(&self) -> &str {
        &self.keys
    }

    /// A key for the HTTP API.
    pub(crate) fn api_key(&self) -> &str {
        self.api_key.expose_secret()
    }

    pub(crate) fn ring(&self) -> Outcome<KeyRing> {
        Ok(KeyRing::parse(&self.keys, Arc::new(SystemRandom))?)
    }

    /// The store, in this process.
    pub(crate) async fn open(&self) -> Outcome<SqliteStore> {
        Ok(SqliteStore::open_path(self.path()).await?)
    }

    /// So many tokens from everywhere in the database.
    pub(crate) fn some_tokens(&self, count: usize) -> impl Iterator<Item = TokenId> {
        // A step that is prime to the number of tokens visits each of them once,
        // and none after its neighbour.
        let step = 7919;
        let all = self.tokens.len();
        (0..count.min(all)).map(move |number| self.tokens[number * step % all])
    }

    async fn add_tokens(&mut self, store: &SqliteStore, count: usize) -> Outcome {
        let (ring, ids) = (self.ring()?, &mut self.tokens);
        let tokens = (0..count).map(|number| {
            let token = token(&ring, number)?;
            ids.push(token.id);
            Ok(token)
        });
        fill(store, tokens).await
    }
}

async fn add_api_key(store: &SqliteStore, text: &KeyText) -> Outcome {
    let now = SystemClock.now();
    let key = ApiKey {
        id: ApiKeyId::generate(now, &SystemRandom),
        name: KeyName::parse("benchmark")?,
        hash: text.hash(),
        scopes: KeyScopes::new([KeyScope::TokensUse]).ok_or("a key without a scope")?,
        reach: Reach::everybody(),
        requests_per_minute: None,
        created_at: now,
        created_by: "operator".to_owned(),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    ApiKeyStore::insert(store, &key).await?;
    Ok(())
}

/// The name of an admin.
pub(crate) fn admin_name(number: usize) -> String {
    format!("admin_{number}")
}

async fn add_admins(store: &SqliteStore) -> Outcome {
    let now = SystemClock.now();
    let hash = PasswordHash::parse(&bcrypt::hash(PASSWORD, COST)?)?;
    for number in 0..ADMINS {
        let role = if number == 0 {
            Role::SuperAdmin
        } else {
            Role::Admin
        };
        let name = if number == 0 {
            "admin".to_owned()
        } else {
            admin_name(number)
        };
        let admin = Admin {
            id: AdminId::generate(now, &SystemRandom),
            username: Username::parse(&name)?,
            email: None,
            password_hash: hash.clone(),
            role,
            epoch: 1,
            created_at: now,
            updated_at: now,
            last_sign_in_at: None,
            version: FIRST_VERSION,
        };
        AdminStore::insert(store, &admin).await?;
    }
    Ok(())
}
