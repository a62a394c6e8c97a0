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

-- Webhooks: where this university's feed is posted to, and what waits to be.
CREATE SCHEMA IF NOT EXISTS webhooks;

CREATE TABLE IF NOT EXISTS webhooks.endpoints (
    endpoint       uuid PRIMARY KEY,
    url            text NOT NULL,
    kinds          text[] NOT NULL,          -- which types; empty: all
    secret         bytea NOT NULL,           -- under the node's master key, as is `previous`
    previous       bytea,                    -- the secret before, which signs too until then
    previous_until timestamptz,
    enabled        boolean NOT NULL DEFAULT true,
    disabled_for   text,                     -- why it is not enabled
    cursor         bigint NOT NULL,          -- how far of the feed has been taken for it
    failures       integer NOT NULL DEFAULT 0, -- in a row
    delivered      bigint NOT NULL DEFAULT 0,
    last_delivered timestamptz,
    last_error     text,
    created        timestamptz NOT NULL
);

CREATE TABLE IF NOT EXISTS webhooks.deliveries (
    endpoint uuid NOT NULL REFERENCES webhooks.endpoints ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    message  text NOT NULL,                  -- its webhook-id, the same at every attempt
    number   bigint NOT NULL,                -- the feed's; 0 for a test
    type     text NOT NULL,
    body     bytea NOT NULL,
    created  timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_at  timestamptz NOT NULL,
    claimed  timestamptz,                    -- until when one dispatcher has it to itself
    dead     timestamptz,                    -- when it was given up
    error    text,
    PRIMARY KEY (endpoint, message)
);
CREATE INDEX IF NOT EXISTS deliveries_due ON webhooks.deliveries (endpoint, next_at) WHERE dead IS NULL;
