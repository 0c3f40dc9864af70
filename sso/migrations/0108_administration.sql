-- Changes that need a second person, look-ups with their reason, and whose client is whose.

-- A change somebody proposed. It applies when another person approves exactly this content, as it is
-- shown, of a subject that has not moved since.
CREATE TABLE sso_change (
    id              BIGINT PRIMARY KEY,
    -- One JSON document with its kind, read and written by one type.
    content         TEXT   NOT NULL,
    -- `account 5`, `client tax-portal`, `office ramallah`.
    subject         TEXT   NOT NULL,
    -- What the subject was when the change was proposed.
    subject_version TEXT   NOT NULL,
    -- SHA-256 over the three above.
    content_digest  BYTEA  NOT NULL,
    -- The account it is about, where it is about one.
    subject_account BIGINT REFERENCES sso_account (id),
    -- The department whose administrators may decide, or '' for those of everywhere only.
    department      TEXT   NOT NULL,
    reason          TEXT   NOT NULL,
    proposed_by     BIGINT NOT NULL REFERENCES sso_account (id),
    proposed_at     BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    state           TEXT   NOT NULL,
    decided_by      BIGINT REFERENCES sso_account (id),
    decided_at      BIGINT,
    decided_because TEXT,
    CHECK (state IN ('waiting', 'applied', 'refused', 'withdrawn')),
    CHECK ((state IN ('applied', 'refused')) = (decided_by IS NOT NULL)),
    -- Four eyes, whatever the code above thinks: nobody decides what they proposed or what they gain by.
    CHECK (decided_by <> proposed_by),
    CHECK (decided_by <> subject_account)
);
CREATE INDEX sso_change_by_state ON sso_change (state, department, id);

-- Somebody looked at an account, and why: the account's page opens to them for an hour.
CREATE TABLE sso_look_up (
    viewer_id  BIGINT NOT NULL REFERENCES sso_account (id),
    account_id BIGINT NOT NULL REFERENCES sso_account (id),
    reason     TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (viewer_id, account_id)
);

-- The department of the registration, for those who see one department only.
ALTER TABLE sso_client ADD COLUMN department TEXT NOT NULL DEFAULT '';
CREATE INDEX sso_client_by_department ON sso_client (department, client_id);
CREATE INDEX sso_role_by_scope ON sso_role (scope, account_id);

-- The log is searched by whom and by what, page after page by number.
CREATE INDEX audit_log_by_subject ON audit_log (subject, seq);
CREATE INDEX audit_log_by_actor ON audit_log (actor, seq);
