-- Tokens: what must not come twice, what was revoked before its time, and grants of devices.

-- Assertions and proofs that were used (jti), by the digest of their context, until they expire.
CREATE TABLE sso_used (
    digest     BYTEA  NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sso_used_by_end ON sso_used (expires_at);

-- Access tokens that were revoked one by one, until they would have expired.
CREATE TABLE sso_revoked_token (
    jti        TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

-- Families revoked of late, whose access tokens are still young.
CREATE INDEX sso_family_by_revocation ON sso_family (revoked_at) WHERE revoked_at IS NOT NULL;

-- Device grants (RFC 8628): what a device asked for, until somebody allowed or refused it.
CREATE TABLE sso_device_grant (
    device_digest   BYTEA  NOT NULL PRIMARY KEY,
    user_code_index BYTEA  NOT NULL UNIQUE,
    client_id       TEXT   NOT NULL,
    -- Scopes, with spaces between, and resources as a JSON list.
    scopes          TEXT   NOT NULL,
    resources       TEXT   NOT NULL,
    -- asked, allowed, refused, used.
    state           TEXT   NOT NULL,
    -- What was allowed, once it was.
    granted         TEXT,
    family_id       BIGINT NOT NULL,
    interval_ms     BIGINT NOT NULL,
    polled_at       BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    CHECK (state IN ('asked', 'allowed', 'refused', 'used'))
);
