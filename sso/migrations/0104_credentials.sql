-- What accounts prove themselves with, the ceremonies that are under way, messages to people, and what
-- people are shown of what was done with their account.

-- Argon2id as a PHC string. is_long: 1 when it may stand alone (NIST SP 800-63B section 3.1.1.2).
CREATE TABLE sso_password (
    account_id BIGINT NOT NULL PRIMARY KEY REFERENCES sso_account (id),
    phc        TEXT   NOT NULL,
    is_long    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE sso_passkey (
    id            BIGINT PRIMARY KEY,
    account_id    BIGINT NOT NULL REFERENCES sso_account (id),
    credential_id BYTEA  NOT NULL UNIQUE,
    -- Sealed: the public key with its counter, and the name its owner gave it.
    passkey       BYTEA  NOT NULL,
    name          BYTEA  NOT NULL,
    created_at    BIGINT NOT NULL,
    used_at       BIGINT,
    -- Its counter went backwards: there may be a copy of it, and it is not taken any more.
    suspended_at  BIGINT
);
CREATE INDEX sso_passkey_by_account ON sso_passkey (account_id, id);

-- last_step: no code of this step or an earlier one is taken (RFC 6238 section 5.2).
CREATE TABLE sso_totp (
    account_id BIGINT NOT NULL PRIMARY KEY REFERENCES sso_account (id),
    secret     BYTEA  NOT NULL,
    last_step  BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);

-- Keyed digests; a code that was used stays, so that the person sees how many there were.
CREATE TABLE sso_recovery_code (
    account_id BIGINT NOT NULL REFERENCES sso_account (id),
    code_index BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (account_id, code_index)
);

-- The mobile number codes may be sent to, confirmed by one. Another number in the profile ends it.
CREATE TABLE sso_mobile_factor (
    account_id   BIGINT NOT NULL PRIMARY KEY REFERENCES sso_account (id),
    mobile_index BYTEA  NOT NULL,
    confirmed_at BIGINT NOT NULL
);

-- Something begun in one request and finished in another one, on any node, once. What it is about is
-- sealed; the browser has the secret the digest is of.
CREATE TABLE sso_ceremony (
    token_digest BYTEA  NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL,
    state        BYTEA  NOT NULL,
    tries_left   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX sso_ceremony_by_end ON sso_ceremony (expires_at);

-- Messages to people. Address and text are sealed, and emptied when the message is done with.
CREATE TABLE sso_message (
    id          BIGINT PRIMARY KEY,
    account_id  BIGINT,
    channel     TEXT   NOT NULL,
    reach_index BYTEA  NOT NULL,
    kind        TEXT   NOT NULL,
    letter      BYTEA  NOT NULL,
    state       TEXT   NOT NULL,
    queued_at   BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    done_at     BIGINT,
    CHECK (state IN ('waiting', 'sent', 'refused', 'expired', 'decoy'))
);
CREATE INDEX sso_message_due ON sso_message (state, due_at);
CREATE INDEX sso_message_by_reach ON sso_message (reach_index, queued_at);

CREATE TABLE sso_activity (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES sso_account (id),
    at         BIGINT NOT NULL,
    what       TEXT   NOT NULL,
    device     TEXT   NOT NULL
);
CREATE INDEX sso_activity_by_account ON sso_activity (account_id, id);
