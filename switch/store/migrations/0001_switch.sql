-- The switch's own tables. One text for both engines; on SQLite two words are
-- read differently (schema.rs): BIGINT PRIMARY KEY is the rowid, BYTEA is BLOB.
-- Money is BIGINT minor units, time is BIGINT unix milliseconds, UTC.
-- In the tables of every payment a CHECK lists its words with OR: for IN, SQLite
-- builds and drops a table of its own at each row (a sixth of the journal's time).

CREATE TABLE client (
    id             BIGINT PRIMARY KEY,
    name           TEXT   NOT NULL UNIQUE,
    kind           TEXT   NOT NULL CHECK (kind IN ('api', 'agent')),
    secret_hash    BYTEA,
    webhook_url    TEXT,
    webhook_secret TEXT,
    created_at     BIGINT NOT NULL,
    revoked_at     BIGINT
);

CREATE TABLE terminal (
    id               TEXT   NOT NULL PRIMARY KEY,
    agent_id         BIGINT NOT NULL REFERENCES client (id),
    amount_max_minor BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    locked_at        BIGINT
);

CREATE TABLE account (
    id       BIGINT PRIMARY KEY,
    code     TEXT   NOT NULL UNIQUE,
    currency TEXT   NOT NULL
);

-- Only accounts that may not fall below a floor keep a running balance.
CREATE TABLE floored_balance (
    account_id    BIGINT PRIMARY KEY REFERENCES account (id),
    floor_minor   BIGINT NOT NULL,
    balance_minor BIGINT NOT NULL,
    CHECK (balance_minor >= floor_minor)
);

CREATE TABLE bill (
    id           BIGINT PRIMARY KEY,
    client_id    BIGINT NOT NULL REFERENCES client (id),
    department   TEXT   NOT NULL,
    service      TEXT   NOT NULL,
    reference    TEXT   NOT NULL,
    payer_kind   TEXT   NOT NULL CHECK (payer_kind IN ('national_id', 'passport', 'company')),
    payer_number TEXT   NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency     TEXT   NOT NULL,
    description  TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    UNIQUE (department, reference)
);

CREATE INDEX bill_by_payer ON bill (payer_kind, payer_number, id);

-- The only holder of a bill: a payment, or nobody (payment_id NULL: withdrawn).
CREATE TABLE bill_claim (
    bill_id    BIGINT PRIMARY KEY,
    payment_id BIGINT,
    at         BIGINT NOT NULL
);

-- Sealed cards waiting for their payment; purged with its end.
CREATE TABLE card (
    id            BIGINT PRIMARY KEY,
    client_id     BIGINT NOT NULL,
    key_id        TEXT   NOT NULL,
    pan_sealed    BYTEA  NOT NULL,
    expiry_sealed BYTEA  NOT NULL,
    expires_at    BIGINT NOT NULL
);

-- Money tables: rows are inserted and never changed (0002_append_only).

CREATE TABLE payment (
    id            BIGINT  PRIMARY KEY,
    client_id     BIGINT  NOT NULL,
    key           TEXT    NOT NULL,
    fingerprint   BYTEA   NOT NULL,
    bill_id       BIGINT,
    method        TEXT    NOT NULL,
    channel       TEXT    NOT NULL,
    amount_minor  BIGINT  NOT NULL,
    currency      TEXT    NOT NULL,
    card_id       BIGINT,
    created_at    BIGINT  NOT NULL,
    business_date INTEGER NOT NULL,
    UNIQUE (client_id, key)
);

CREATE INDEX payment_by_client ON payment (client_id, id);

-- One row ends a payment.
CREATE TABLE outcome (
    payment_id    BIGINT  PRIMARY KEY,
    state         TEXT    NOT NULL
                  CHECK (state = 'PAID' OR state = 'DECLINED' OR state = 'REVERSED'
                         OR state = 'FAILED' OR state = 'REFUSED'),
    reason        TEXT,
    connector     TEXT,
    attempt_id    BIGINT,
    stan          INTEGER,
    approval_code TEXT,
    response_code TEXT,
    answer_status INTEGER,
    answer_body   TEXT,
    at            BIGINT  NOT NULL
);

-- The answer given while the outcome was unknown.
CREATE TABLE answer (
    payment_id BIGINT  PRIMARY KEY,
    status     INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    at         BIGINT  NOT NULL
);

CREATE TABLE transfer (
    cause         BIGINT  NOT NULL,
    seq           INTEGER NOT NULL,
    kind          TEXT    NOT NULL
                  CHECK (kind = 'PENDING' OR kind = 'POST' OR kind = 'VOID' OR kind = 'BOOK'),
    debit         BIGINT  NOT NULL,
    credit        BIGINT  NOT NULL,
    amount_minor  BIGINT  NOT NULL CHECK (amount_minor > 0),
    currency      TEXT    NOT NULL,
    at            BIGINT  NOT NULL,
    business_date INTEGER NOT NULL,
    PRIMARY KEY (cause, seq),
    CHECK (debit <> credit)
);

-- A paid cash payment that was taken back, by a new ledger movement.
CREATE TABLE unwind (
    payment_id BIGINT PRIMARY KEY,
    reason     TEXT   NOT NULL,
    at         BIGINT NOT NULL
);

CREATE TABLE evidence (
    id         BIGINT PRIMARY KEY,
    payment_id BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    code       TEXT   NOT NULL,
    at         BIGINT NOT NULL
);

CREATE INDEX evidence_by_payment ON evidence (payment_id, id);

-- Work in hand. A row is deleted when its payment ends, so the table stays
-- small and finding what is in doubt is cheap at any size of the history.
CREATE TABLE open_attempt (
    payment_id BIGINT  PRIMARY KEY,
    attempt_id BIGINT  NOT NULL,
    attempt_no INTEGER NOT NULL,
    connector  TEXT    NOT NULL,
    stan       INTEGER NOT NULL,
    sent_at    BIGINT  NOT NULL,
    debit      BIGINT  NOT NULL,
    credit     BIGINT  NOT NULL,
    state      TEXT    NOT NULL
               CHECK (state = 'SENDING' OR state = 'IN_DOUBT' OR state = 'REVERSING'
                      OR state = 'REVIEW'),
    reason     TEXT,
    sends      INTEGER NOT NULL,
    epoch      BIGINT  NOT NULL,
    node       INTEGER NOT NULL,
    due_at     BIGINT  NOT NULL
);

CREATE TABLE outbox (
    id          BIGINT  PRIMARY KEY,
    client_id   BIGINT  NOT NULL,
    payment_id  BIGINT  NOT NULL,
    state       TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    due_at      BIGINT  NOT NULL,
    lease_until BIGINT  NOT NULL,
    epoch       BIGINT  NOT NULL,
    tries       INTEGER NOT NULL
);
