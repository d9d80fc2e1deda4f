-- Every record of spark-oauth.
--
-- Identifiers are ULIDs as text: an operator finds a record of a log line in the
-- `sqlite3` shell without decoding anything. Times are milliseconds since the Unix
-- epoch, UTC. Unsigned counters keep their 64 bits in SQLite's signed integer.
-- Words (status, role, ...) are those of the JSON interface.

-- "SPOA": tells this program's files from other SQLite databases.
PRAGMA application_id = 0x53504f41;

-- `seq` is the order of insertion, and what a page of the list ends with. The
-- large values come last, so that what fits beside them is read without them.
-- `email_normalized` is what equal addresses have in common, `email_search` what a
-- search by part goes through; both are empty where the address belongs to another
-- person by now.
CREATE TABLE tokens (
    seq                 INTEGER PRIMARY KEY,
    id                  TEXT    NOT NULL,
    email_search        TEXT    NOT NULL,
    status              TEXT    NOT NULL CHECK (status IN ('active', 'needs_consent', 'revoked')),
    status_cause        TEXT,
    status_at           INTEGER,
    integration         TEXT    NOT NULL,
    person              TEXT,
    -- What is granted now, and what was granted at the last consent.
    scopes              TEXT    NOT NULL,
    consented_scopes    TEXT    NOT NULL,
    email               TEXT    NOT NULL,
    email_normalized    TEXT    NOT NULL,
    email_confirmed_at  INTEGER,
    email_lost_at       INTEGER,
    profile_read_at     INTEGER,
    display_name        TEXT,
    access_expires_at   INTEGER NOT NULL,
    refresh_expires_at  INTEGER,
    obtained_at         INTEGER NOT NULL,
    clock               TEXT,
    granted_at          INTEGER NOT NULL,
    refreshed_at        INTEGER,
    refreshed_by        TEXT,
    failed_at           INTEGER,
    failure_class       TEXT,
    failure_summary     TEXT,
    failure_tracking_id TEXT,
    generation          INTEGER NOT NULL,
    version             INTEGER NOT NULL,
    lease_owner         TEXT,
    lease_expires_at    INTEGER,
    attempt_owner       TEXT,
    attempt_at          INTEGER,
    access              BLOB    NOT NULL,
    refresh             BLOB,
    CHECK ((status = 'active') = (status_cause IS NULL)),
    CHECK ((status_cause IS NULL) = (status_at IS NULL)),
    CHECK ((refreshed_at IS NULL) = (refreshed_by IS NULL)),
    CHECK ((failed_at IS NULL) = (failure_class IS NULL)),
    CHECK ((failed_at IS NULL) = (failure_summary IS NULL)),
    CHECK ((lease_owner IS NULL) = (lease_expires_at IS NULL)),
    CHECK ((email_normalized = '') = (email_lost_at IS NOT NULL)),
    CHECK ((email_search = '') = (email_lost_at IS NOT NULL)),
    CHECK ((attempt_owner IS NULL) = (attempt_at IS NULL))
) STRICT;

CREATE UNIQUE INDEX tokens_id ON tokens (id);
-- One record for the same integration, person and consented scopes, where the
-- person is known.
CREATE UNIQUE INDEX tokens_consent ON tokens (integration, person, consented_scopes)
    WHERE person IS NOT NULL;
-- Each index entry ends with `seq`, so this one is in the order of the list.
CREATE INDEX tokens_status ON tokens (status);
-- For a part of one or two characters of an address, which no trigram holds: the
-- list is walked until the page is full, here without the rest of the records.
CREATE INDEX tokens_walk ON tokens (seq, status, email_search);

-- What the search index below indexes. The first three characters, one trigram,
-- stand for the status.
CREATE VIEW tokens_search (seq, email, status) AS
    SELECT seq, email_search, substr(status, 1, 3) FROM tokens;

-- Finds a part of three or more characters of an address, together with the
-- status, newest first. The text is normalized already, by the rule of
-- `EmailAddress`, so the tokenizer's own folding is off. External content: the
-- text stands only once.
CREATE VIRTUAL TABLE tokens_fts USING fts5 (
    email,
    status,
    content = 'tokens_search',
    content_rowid = 'seq',
    columnsize = 0,
    tokenize = 'trigram case_sensitive 1'
);

CREATE TRIGGER tokens_fts_insert AFTER INSERT ON tokens BEGIN
    INSERT INTO tokens_fts (rowid, email, status)
    VALUES (new.seq, new.email_search, substr(new.status, 1, 3));
END;

CREATE TRIGGER tokens_fts_delete AFTER DELETE ON tokens BEGIN
    INSERT INTO tokens_fts (tokens_fts, rowid, email, status)
    VALUES ('delete', old.seq, old.email_search, substr(old.status, 1, 3));
END;

CREATE TRIGGER tokens_fts_update AFTER UPDATE OF email_search, status ON tokens
WHEN old.email_search <> new.email_search OR old.status <> new.status BEGIN
    INSERT INTO tokens_fts (tokens_fts, rowid, email, status)
    VALUES ('delete', old.seq, old.email_search, substr(old.status, 1, 3));
    INSERT INTO tokens_fts (rowid, email, status)
    VALUES (new.seq, new.email_search, substr(new.status, 1, 3));
END;

CREATE TABLE admins (
    id                  TEXT    NOT NULL PRIMARY KEY,
    username            TEXT    NOT NULL,
    username_normalized TEXT    NOT NULL,
    email               TEXT,
    password_hash       TEXT    NOT NULL,
    role                TEXT    NOT NULL CHECK (role IN ('admin', 'super_admin')),
    epoch               INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    last_sign_in_at     INTEGER,
    version             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX admins_username ON admins (username_normalized);
-- At most one.
CREATE UNIQUE INDEX admins_super ON admins (role) WHERE role = 'super_admin';

-- Consents between the redirect to the provider and the callback.
CREATE TABLE consents (
    state      BLOB    NOT NULL PRIMARY KEY CHECK (length(state) = 32),
    browser    BLOB    NOT NULL CHECK (length(browser) = 32),
    verifier   BLOB    NOT NULL,
    scopes     TEXT    NOT NULL,
    address    TEXT,
    begun_at   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- Hash of what the first callback answers, and the token in which it ended.
    answer     BLOB CHECK (length(answer) = 32),
    token      TEXT
) STRICT;

CREATE INDEX consents_address ON consents (address, expires_at)
    WHERE address IS NOT NULL AND answer IS NULL;
CREATE INDEX consents_expiry ON consents (expires_at);

-- Sessions of browsers, under the hash of their identifier.
CREATE TABLE sessions (
    key        BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    data       BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Who did what. Entries are never changed. `actor` and `outcome` are JSON.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    action     TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    token      TEXT,
    subject    TEXT,
    address    TEXT,
    request_id TEXT,
    -- How many events this entry stands for, and the request of the last.
    count           INTEGER NOT NULL DEFAULT 1,
    last_request_id TEXT
) STRICT;

CREATE UNIQUE INDEX audit_id ON audit (id);

-- The keys that sealed values may need.
CREATE TABLE key_fingerprints (
    fingerprint BLOB NOT NULL PRIMARY KEY CHECK (length(fingerprint) = 8)
) STRICT, WITHOUT ROWID;

-- Values of the vault as a whole, by name.
CREATE TABLE vault (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
