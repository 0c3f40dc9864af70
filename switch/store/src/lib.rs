//! Keeps it: the only SQL of the switch, one text for SQLite and PostgreSQL, group commit.
