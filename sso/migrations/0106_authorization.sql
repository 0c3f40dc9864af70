-- Authorization: what interrupted requests wait as, what was declined, and who hears of a session's end.

-- When the browser came with a pushed request first: `prompt=login` and `max_age` are counted from there.
ALTER TABLE sso_pushed_request ADD COLUMN arrived_at BIGINT;
CREATE INDEX sso_pushed_request_by_end ON sso_pushed_request (expires_at);

-- The names of single claims that were asked for and not allowed: they are not asked for at each sign-in.
ALTER TABLE sso_consent ADD COLUMN declined TEXT NOT NULL DEFAULT '';

-- The clients a session was used for that want to hear of its end.
CREATE TABLE sso_session_client (
    session_id BIGINT NOT NULL REFERENCES sso_session (id),
    client_id  TEXT   NOT NULL REFERENCES sso_client (client_id),
    PRIMARY KEY (session_id, client_id)
);

-- Back-channel logout: one row a client that is still to be told. `next_at` is also the lease of the node
-- that is telling it now.
CREATE TABLE sso_logout_notice (
    session_id BIGINT NOT NULL,
    client_id  TEXT   NOT NULL,
    account_id BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    tries      BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    gave_up_at BIGINT,
    -- What the last try met, in words, without addresses.
    last_error TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (session_id, client_id)
);
CREATE INDEX sso_logout_notice_due ON sso_logout_notice (next_at) WHERE gave_up_at IS NULL;
