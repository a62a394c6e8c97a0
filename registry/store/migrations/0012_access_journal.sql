-- Who read the data of which learners: one row for each request or command, in a chain of hashes. Learners are named by
-- their ids alone, which lead to nobody after an erasure.
CREATE SCHEMA privacy;

CREATE TABLE privacy.reads (
    number   bigint PRIMARY KEY,
    at       timestamptz NOT NULL,
    actor    text NOT NULL,
    act      text NOT NULL,                -- method and route, or the words of a command
    learners uuid[] NOT NULL,
    hash     bytea NOT NULL
);
CREATE INDEX reads_learners ON privacy.reads USING gin (learners);
CREATE INDEX reads_at ON privacy.reads (at);

-- Where the chain begins once its oldest rows were deleted after their retention period: the last number and hash of
-- the deleted ones.
CREATE TABLE privacy.reads_start (
    is_set boolean PRIMARY KEY DEFAULT true CHECK (is_set),
    number bigint NOT NULL,
    hash   bytea NOT NULL
);
