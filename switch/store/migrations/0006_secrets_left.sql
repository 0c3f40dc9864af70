-- How a client proves itself is kept by identity: it gets access tokens, and no secret lies here any more.
ALTER TABLE client DROP COLUMN secret_hash;
