-- A late answer to an attempt that was not its payment's first finds it after the
-- end; all others carry the payment's own number and need no index.
CREATE INDEX outcome_by_rerouted ON outcome (attempt_id) WHERE attempt_id <> payment_id;
