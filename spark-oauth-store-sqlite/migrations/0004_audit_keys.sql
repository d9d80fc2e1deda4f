-- The API key that acted, or that something was done to. Names tell less: a later key
-- may have the same.
ALTER TABLE audit ADD COLUMN api_key TEXT;

-- Of what stood before, only who acted is known. An actor that cannot be read is none.
UPDATE audit SET api_key = json_extract(actor, '$.id')
    WHERE CASE WHEN json_valid(actor) THEN json_extract(actor, '$.kind') = 'api_key' END;

CREATE INDEX audit_api_key ON audit (api_key) WHERE api_key IS NOT NULL;
