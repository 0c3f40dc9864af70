-- What people allowed clients: consent, codes, refresh families; and what must not be used twice.

-- Consent: the scopes and claims somebody allowed a client, until it is withdrawn.
CREATE TABLE sso_consent (
    account_id BIGINT NOT NULL REFERENCES sso_account (id),
    client_id  TEXT   NOT NULL REFERENCES sso_client (client_id),
    -- Scopes, with spaces between, in order.
    scopes     TEXT   NOT NULL,
    -- The names of single claims that were asked for and allowed, with spaces between, in order.
    claims     TEXT   NOT NULL,
    given_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, client_id)
);

-- Pushed authorization requests (RFC 9126).
CREATE TABLE sso_pushed_request (
    uri_digest BYTEA  NOT NULL PRIMARY KEY,
    client_id  TEXT   NOT NULL,
    parameters TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

-- Authorization codes. A code that comes twice takes its family with it.
CREATE TABLE sso_code (
    code_digest    BYTEA  NOT NULL PRIMARY KEY,
    client_id      TEXT   NOT NULL,
    redirect_uri   TEXT   NOT NULL,
    code_challenge TEXT   NOT NULL,
    -- The thumbprint of the DPoP key the request named, where it did (RFC 9449 section 10).
    dpop_jkt       TEXT,
    granted        TEXT   NOT NULL,
    family_id      BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT
);

-- A refresh family: one row however often its token was rotated. `secret_digest` is of the token in use.
CREATE TABLE sso_family (
    id            BIGINT PRIMARY KEY,
    client_id     TEXT   NOT NULL,
    account_id    BIGINT,
    session_id    BIGINT,
    granted       TEXT   NOT NULL,
    -- The key or certificate its tokens are bound to: `jkt:…`, `x5t:…` or ''.
    bound_to      TEXT   NOT NULL,
    secret_digest BYTEA,
    generation    BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    used_at       BIGINT NOT NULL,
    ends_at       BIGINT NOT NULL,
    revoked_at    BIGINT,
    revoked_because TEXT
);
CREATE INDEX sso_family_by_account ON sso_family (account_id, client_id);
CREATE INDEX sso_family_by_session ON sso_family (session_id);
