-- What a node keeps to itself, beside its domain events (which `eventsourcing` makes the table of).
CREATE SCHEMA IF NOT EXISTS vault;

-- Learners of this university. `student` is a keyed hash of its own number; `key` the learner's key, wrapped
-- by the node's master key; `person` is encrypted under the learner's key.
CREATE TABLE IF NOT EXISTS vault.learners (
    learner uuid PRIMARY KEY,
    student bytea NOT NULL UNIQUE,
    key     bytea NOT NULL,
    person  bytea NOT NULL
);

-- The university's own row ids, as keyed hashes, the credential that each became, and the learner's
-- disclosures of it, encrypted under the learner's key.
CREATE TABLE IF NOT EXISTS vault.records (
    record     bytea PRIMARY KEY,
    content    bytea NOT NULL,             -- keyed hash of what was asked for
    credential uuid NOT NULL UNIQUE,
    learner    uuid NOT NULL,
    sealed     bytea NOT NULL
);

-- What own decisions name by digest only: the disclosure, encrypted under the node's own key.
CREATE TABLE IF NOT EXISTS vault.decisions (
    decision uuid PRIMARY KEY,
    sealed   bytea NOT NULL
);

-- Sign once: a commit's row is written before its signature leaves the process.
CREATE SCHEMA IF NOT EXISTS publisher;

CREATE TABLE IF NOT EXISTS publisher.commits (
    size         bigint PRIMARY KEY,       -- tree size after it
    root         bytea NOT NULL,
    hashes       bytea NOT NULL,           -- compact range, 32 bytes a subtree, largest first
    first        bigint NOT NULL,          -- notification ids of the stored events in it
    last         bigint NOT NULL,
    next         bigint                    -- where the log goes on after it; null: not yet seen there
);
CREATE INDEX IF NOT EXISTS commits_unseen ON publisher.commits (size) WHERE next IS NULL;

-- Whose systems may use this node over HTTP: a key's id, and the SHA-256 of its secret.
CREATE SCHEMA IF NOT EXISTS access;

CREATE TABLE IF NOT EXISTS access.keys (
    key     text PRIMARY KEY,
    name    text NOT NULL,
    secret  bytea NOT NULL,
    scopes  text[] NOT NULL,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    revoked timestamptz
);
