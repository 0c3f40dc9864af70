-- Offices, applications, what happened to them at the desks, and activation codes.
-- Personal data is sealed (BYTEA); what must be found has a keyed index beside it.

CREATE TABLE sso_office (
    code       TEXT   NOT NULL PRIMARY KEY,
    -- interior: of the Ministry of Interior. post: of the Post.
    kind       TEXT   NOT NULL,
    name_ar    TEXT   NOT NULL,
    name_en    TEXT   NOT NULL,
    address_ar TEXT   NOT NULL,
    address_en TEXT   NOT NULL,
    hours_ar   TEXT   NOT NULL,
    hours_en   TEXT   NOT NULL,
    -- open, or closed: takes no new applications, and finishes those it has.
    state      TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    CHECK (kind IN ('interior', 'post')),
    CHECK (state IN ('open', 'closed'))
);

CREATE TABLE sso_application (
    id             BIGINT PRIMARY KEY,
    reference      TEXT   NOT NULL UNIQUE,
    -- Of the secret in the cookie of the browser that applied.
    slip_digest    BYTEA  NOT NULL UNIQUE,
    office         TEXT   NOT NULL REFERENCES sso_office (code),
    identity_index BYTEA  NOT NULL,
    person         BYTEA  NOT NULL,
    language       TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    -- due: the registry has not answered. matched, mismatch, unknown, deceased: what it said.
    match_state    TEXT   NOT NULL,
    match_due_at   BIGINT NOT NULL,
    match_tries    BIGINT NOT NULL,
    -- What the registry has, where it has anybody.
    registry       BYTEA,
    matched_at     BIGINT,
    decided_at     BIGINT,
    decided_by     BIGINT,
    -- Of an approved one.
    account_id     BIGINT REFERENCES sso_account (id),
    CHECK (state IN ('waiting', 'approved', 'refused')),
    CHECK (match_state IN ('due', 'matched', 'mismatch', 'unknown', 'deceased'))
);
CREATE INDEX sso_application_by_office ON sso_application (office, state, created_at);
CREATE INDEX sso_application_by_identity ON sso_application (identity_index);
CREATE INDEX sso_application_by_match ON sso_application (match_state, match_due_at);

-- An override waits here for another person. One an application.
CREATE TABLE sso_override (
    application_id BIGINT NOT NULL PRIMARY KEY,
    proposed_by    BIGINT NOT NULL REFERENCES sso_account (id),
    proposed_at    BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    -- The document that was shown and the reason.
    findings       BYTEA  NOT NULL,
    -- What the second person must have read: a keyed digest of all of it.
    content_digest BYTEA  NOT NULL
);

-- What clerks did, for reports and for the reason of a look-up. No personal data: it outlives applications.
CREATE TABLE sso_desk_act (
    id             BIGINT PRIMARY KEY,
    at             BIGINT NOT NULL,
    office         TEXT   NOT NULL,
    account_id     BIGINT NOT NULL REFERENCES sso_account (id),
    application_id BIGINT,
    act            TEXT   NOT NULL
);
CREATE INDEX sso_desk_act_by_day ON sso_desk_act (office, at);
CREATE INDEX sso_desk_act_by_clerk ON sso_desk_act (account_id, application_id, at);

-- The code from the desk, the code by SMS, and the browser that is between the two. One an account.
CREATE TABLE sso_activation (
    account_id     BIGINT NOT NULL PRIMARY KEY REFERENCES sso_account (id),
    application_id BIGINT NOT NULL,
    code_index     BYTEA  NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    -- Of the secret in the cookie of the browser that gave the code.
    browser_digest BYTEA,
    sms_index      BYTEA,
    sms_until      BIGINT,
    sms_done_at    BIGINT
);
