-- What the background worker goes by, and what all processes share: pauses of
-- integrations, events on their way out, and the processes themselves.

ALTER TABLE tokens ADD COLUMN due_at           INTEGER;
ALTER TABLE tokens ADD COLUMN failures         INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN retry_at         INTEGER;
ALTER TABLE tokens ADD COLUMN lost_races       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN interrupted      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN expiry_warned_at INTEGER;
-- A JSON array; NULL where there are none.
ALTER TABLE tokens ADD COLUMN events           TEXT CHECK (events <> '[]');

-- The worker must find the tokens that stand already: each comes due a fifth of its
-- lifetime before its access token ends. Times that are no dates (the bounds are
-- the years ±36 million) stay out of the arithmetic, which would overflow.
UPDATE tokens SET due_at = CASE
    WHEN obtained_at > -1152921504606846976
        AND access_expires_at < 1152921504606846976
        AND access_expires_at > obtained_at
    THEN access_expires_at - (access_expires_at - obtained_at) / 5
    ELSE access_expires_at
END
WHERE status = 'active' AND refresh IS NOT NULL;

CREATE INDEX tokens_due ON tokens (integration, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX tokens_events ON tokens (seq) WHERE events IS NOT NULL;
CREATE INDEX tokens_expiring ON tokens (integration, access_expires_at)
    WHERE status = 'active';

-- How many tokens stand where, so that nobody needs to count a million of them. The
-- triggers keep it true within each write.
CREATE TABLE token_counts (
    integration TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    tokens      INTEGER NOT NULL,
    PRIMARY KEY (integration, status)
) STRICT, WITHOUT ROWID;

INSERT INTO token_counts (integration, status, tokens)
    SELECT integration, status, count(*) FROM tokens GROUP BY integration, status;

CREATE TRIGGER token_counts_insert AFTER INSERT ON tokens BEGIN
    INSERT INTO token_counts (integration, status, tokens)
    VALUES (new.integration, new.status, 1)
    ON CONFLICT DO UPDATE SET tokens = tokens + 1;
END;

CREATE TRIGGER token_counts_delete AFTER DELETE ON tokens BEGIN
    UPDATE token_counts SET tokens = tokens - 1
    WHERE integration = old.integration AND status = old.status;
END;

CREATE TRIGGER token_counts_update AFTER UPDATE OF integration, status ON tokens
WHEN old.integration <> new.integration OR old.status <> new.status BEGIN
    UPDATE token_counts SET tokens = tokens - 1
    WHERE integration = old.integration AND status = old.status;
    INSERT INTO token_counts (integration, status, tokens)
    VALUES (new.integration, new.status, 1)
    ON CONFLICT DO UPDATE SET tokens = tokens + 1;
END;

-- Pauses of the refreshing of an integration: one for each at most.
CREATE TABLE pauses (
    integration  TEXT    NOT NULL PRIMARY KEY,
    reason       TEXT    NOT NULL,
    since        INTEGER NOT NULL,
    until        INTEGER NOT NULL,
    counted_from INTEGER NOT NULL,
    trips        INTEGER NOT NULL,
    summary      TEXT    NOT NULL,
    tracking_id  TEXT
) STRICT, WITHOUT ROWID;

-- Events on their way out. `event` is the identifier, `body` the event as JSON.
CREATE TABLE outbox (
    seq               INTEGER PRIMARY KEY,
    event             TEXT    NOT NULL,
    destination       TEXT    NOT NULL,
    next_at           INTEGER NOT NULL,
    attempts          INTEGER NOT NULL,
    last_error        TEXT,
    endpoint          TEXT,
    awaits_removal_of TEXT,
    body              TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX outbox_event ON outbox (event, destination);
CREATE INDEX outbox_next ON outbox (next_at, destination);
CREATE INDEX outbox_failed ON outbox (destination, next_at) WHERE last_error IS NOT NULL;

-- The processes that work on the store: a handful.
CREATE TABLE processes (
    id          TEXT    NOT NULL PRIMARY KEY,
    place       TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    sealing_key BLOB    NOT NULL CHECK (length(sealing_key) = 8)
) STRICT, WITHOUT ROWID;
