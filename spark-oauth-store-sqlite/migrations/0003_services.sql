-- What services need: keys to authenticate with, links under which persons are asked
-- to consent, and an audit log that can be searched.

-- `scopes` and `reach` are JSON. The text of a key stands nowhere.
CREATE TABLE api_keys (
    id                  TEXT    NOT NULL PRIMARY KEY,
    name                TEXT    NOT NULL,
    hash                BLOB    NOT NULL CHECK (length(hash) = 32),
    scopes              TEXT    NOT NULL,
    reach               TEXT    NOT NULL,
    requests_per_minute INTEGER,
    created_at          INTEGER NOT NULL,
    created_by          TEXT    NOT NULL,
    expires_at          INTEGER,
    last_used_at        INTEGER,
    revoked_at          INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);

-- `progress` is JSON.
CREATE TABLE consent_links (
    id             TEXT    NOT NULL PRIMARY KEY,
    scopes         TEXT    NOT NULL,
    note           TEXT,
    expected_email TEXT,
    return_to      TEXT,
    single_use     INTEGER NOT NULL CHECK (single_use IN (0, 1)),
    created_at     INTEGER NOT NULL,
    created_by     TEXT    NOT NULL,
    expires_at     INTEGER NOT NULL,
    progress       TEXT    NOT NULL,
    version        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX consent_links_expiry ON consent_links (expires_at);

-- What a consent was begun under, as JSON.
ALTER TABLE consents ADD COLUMN terms TEXT NOT NULL DEFAULT '{}';

-- A key may be good for the addresses of one domain only. An address has one `@`.
ALTER TABLE tokens ADD COLUMN email_domain TEXT
    GENERATED ALWAYS AS (substr(email_normalized, instr(email_normalized, '@') + 1)) VIRTUAL;

CREATE INDEX tokens_domain ON tokens (email_domain);
CREATE INDEX tokens_address ON tokens (email_normalized);

-- The names of who acted and to whom, in lower case by the rule of `EmailAddress`,
-- which SQLite does not know: the program fills them in where `searchable` is 0.
ALTER TABLE audit ADD COLUMN actor_normalized   TEXT;
ALTER TABLE audit ADD COLUMN subject_normalized TEXT;
ALTER TABLE audit ADD COLUMN searchable         INTEGER NOT NULL DEFAULT 0;

CREATE INDEX audit_not_searchable ON audit (seq) WHERE searchable = 0;
CREATE INDEX audit_actor ON audit (actor_normalized) WHERE actor_normalized IS NOT NULL;
CREATE INDEX audit_subject ON audit (subject_normalized) WHERE subject_normalized IS NOT NULL;
CREATE INDEX audit_token ON audit (token) WHERE token IS NOT NULL;
CREATE INDEX audit_action ON audit (action);
CREATE INDEX audit_at ON audit (at);
