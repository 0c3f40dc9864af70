-- Accounts, what they prove themselves with, and where they are signed in.
-- Personal data is sealed (BYTEA); what must be found has a keyed index beside it.

CREATE TABLE sso_account (
    id             BIGINT PRIMARY KEY,
    identity_kind  TEXT   NOT NULL,
    identity_index BYTEA  NOT NULL UNIQUE,
    person         BYTEA  NOT NULL,
    -- registered: not activated yet. active. locked: by an administrator, with a reason. closed: for good.
    state          TEXT   NOT NULL,
    -- 1 when somebody at a desk saw the person and the document.
    in_person      BIGINT NOT NULL,
    -- 1 for people who work here: the strict rules hold.
    is_staff       BIGINT NOT NULL,
    language       TEXT   NOT NULL,
    digits         TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    activated_at   BIGINT,
    CHECK (state IN ('registered', 'active', 'locked', 'closed'))
);

CREATE TABLE sso_session (
    id               BIGINT PRIMARY KEY,
    token_digest     BYTEA  NOT NULL UNIQUE,
    account_id       BIGINT NOT NULL REFERENCES sso_account (id),
    methods          TEXT   NOT NULL,
    level            BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    last_seen_at     BIGINT NOT NULL,
    ends_at          BIGINT NOT NULL,
    device           TEXT   NOT NULL,
    ended_at         BIGINT,
    ended_because    TEXT
);
CREATE INDEX sso_session_by_account ON sso_session (account_id, id);

CREATE TABLE sso_role (
    account_id BIGINT NOT NULL REFERENCES sso_account (id),
    role       TEXT   NOT NULL,
    -- A department of the catalogue, an office, or '' for everywhere.
    scope      TEXT   NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, role, scope)
);

-- Tries that may fail, counted before they are verified.
CREATE TABLE sso_throttle (
    key_index BYTEA  NOT NULL PRIMARY KEY,
    failures  BIGINT NOT NULL,
    day       BIGINT NOT NULL,
    tries     BIGINT NOT NULL,
    next_at   BIGINT NOT NULL
);
