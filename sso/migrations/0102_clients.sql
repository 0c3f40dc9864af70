-- Relying parties and clients of the API, and the keys the switch signs with.

CREATE TABLE sso_client (
    client_id    TEXT   NOT NULL PRIMARY KEY,
    -- What it is, as JSON: names, addresses, grants, scopes, keys. Read and written by one type.
    registration TEXT   NOT NULL,
    -- SHA-256 of its secret, where it has one.
    secret_digest BYTEA,
    -- The client of the payment API it acts as, where it does.
    api_client_id BIGINT REFERENCES client (id),
    state        TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    CHECK (state IN ('active', 'suspended', 'retired'))
);

CREATE TABLE sso_signing_key (
    id           BIGINT PRIMARY KEY,
    kid          TEXT   NOT NULL UNIQUE,
    algorithm    TEXT   NOT NULL,
    handle       BYTEA  NOT NULL,
    public_key   TEXT   NOT NULL,
    published_at BIGINT NOT NULL,
    -- It signs from here until here, and is published until it is removed.
    signs_from   BIGINT NOT NULL,
    signs_until  BIGINT NOT NULL,
    removed_at   BIGINT NOT NULL
);
