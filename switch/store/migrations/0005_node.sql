-- The nodes of this database. Who starts under a number begins another life of it, and what an older life
-- wants to write is refused from then on (fence.rs).
CREATE TABLE node (
    number   BIGINT PRIMARY KEY,
    life     BIGINT NOT NULL,
    taken_at BIGINT NOT NULL
);
