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

-- Keyed hashes of the rows of learners who were erased: such a row is not taken in again.
CREATE TABLE IF NOT EXISTS vault.erased (
    record bytea PRIMARY KEY
);

-- Whom a cohort's list named, as keyed hashes, and the decision that each row became.
CREATE TABLE IF NOT EXISTS vault.cohorts (
    record   bytea PRIMARY KEY,            -- of the assessment and the row's own id
    content  bytea NOT NULL UNIQUE,        -- of the assessment and the credential
    decision uuid NOT NULL
);

-- What own decisions name by digest only: the disclosure, encrypted under the node's own key.
CREATE TABLE IF NOT EXISTS vault.decisions (
    decision uuid PRIMARY KEY,
    sealed   bytea NOT NULL
);
-- Under the key of this learner, where the decision was made in a case: gone with the learner.
ALTER TABLE vault.decisions ADD COLUMN IF NOT EXISTS learner uuid;

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

-- Answers to requests that carry an Idempotency-Key: the same request gets the same answer.
CREATE TABLE IF NOT EXISTS access.requests (
    caller  text NOT NULL,
    key     bytea NOT NULL,                -- keyed hash
    request bytea NOT NULL,                -- keyed hash of method, path and body
    began   timestamptz NOT NULL,
    status  integer,                       -- null: not answered yet
    headers json,
    body    bytea,
    PRIMARY KEY (caller, key)
);
CREATE INDEX IF NOT EXISTS requests_began ON access.requests (began);

-- Files of rows that systems sent in. The content is beside the database, encrypted with `key`, which is wrapped
-- by the node's master key.
CREATE SCHEMA IF NOT EXISTS intake;

CREATE TABLE IF NOT EXISTS intake.batches (
    batch       uuid PRIMARY KEY,
    name        text NOT NULL,
    kind        text NOT NULL,
    media       text NOT NULL,
    state       text NOT NULL,
    dry_run     boolean NOT NULL,
    by          text NOT NULL,
    request     bytea NOT NULL,            -- keyed hash of its Idempotency-Key
    key         bytea NOT NULL,
    created     timestamptz NOT NULL,
    publish_at  timestamptz,
    released_by text,
    started     timestamptz,
    finished    timestamptz,
    bytes       bigint NOT NULL DEFAULT 0,
    lines       bigint NOT NULL DEFAULT 0,
    done_lines  bigint NOT NULL DEFAULT 0,
    issued      bigint NOT NULL DEFAULT 0,
    unchanged   bigint NOT NULL DEFAULT 0,
    refused     bigint NOT NULL DEFAULT 0,
    notes       text[] NOT NULL DEFAULT '{}',
    error       text,
    UNIQUE (by, request)
);
-- Of a reconciliation: the term, both days included.
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS awarded_from date;
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS awarded_until date;
-- How often its content was written anew, without somebody's rows: a part of its file's name.
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS rewritten integer NOT NULL DEFAULT 0;
-- Rows that are to be published on a day that is to come: how many of the batch's, and which.
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS held bigint NOT NULL DEFAULT 0;
CREATE TABLE IF NOT EXISTS intake.held_rows (
    batch uuid NOT NULL REFERENCES intake.batches ON DELETE CASCADE,
    line  bigint NOT NULL,
    day   date NOT NULL,
    PRIMARY KEY (batch, line)
);
CREATE INDEX IF NOT EXISTS batches_open ON intake.batches (created)
    WHERE state IN ('working', 'waiting', 'scheduled');
CREATE INDEX IF NOT EXISTS batches_newest ON intake.batches (created, batch);

-- Events of the university's own systems that had an effect here: the same event again changes nothing.
CREATE TABLE IF NOT EXISTS intake.events (
    event      bytea PRIMARY KEY,          -- keyed hash of its source and id
    content    bytea NOT NULL,             -- keyed hash of its type and data
    credential uuid NOT NULL               -- what it was about, or led to
);

CREATE TABLE IF NOT EXISTS intake.problems (
    batch   uuid NOT NULL REFERENCES intake.batches ON DELETE CASCADE,
    line    bigint NOT NULL,
    number  integer NOT NULL,
    "where" text NOT NULL,
    field   text NOT NULL,
    value   text NOT NULL,
    code    text NOT NULL,
    detail  text NOT NULL,
    PRIMARY KEY (batch, line, number)
);

-- The recognition office's cases, as the last event left them: the worklist. Written with the events.
CREATE SCHEMA IF NOT EXISTS office;

CREATE TABLE IF NOT EXISTS office.cases (
    id           uuid PRIMARY KEY,
    file_number  text NOT NULL UNIQUE,
    learner      uuid NOT NULL,
    state        text NOT NULL,
    purpose      text NOT NULL,
    opened       date NOT NULL,
    completed    date,                     -- when the clock started
    due          date,                     -- null: the clock has not started, stands, or counts no more
    assessor     text,
    approver     text,
    decision     uuid,                     -- the one that stands
    appeal_until date
);
CREATE INDEX IF NOT EXISTS cases_due ON office.cases ((coalesce(due, date '9999-12-31')), id);
CREATE INDEX IF NOT EXISTS cases_learner ON office.cases (learner);

CREATE TABLE IF NOT EXISTS office.subjects (
    case_id    uuid NOT NULL,
    number     integer NOT NULL,
    member     text NOT NULL,
    credential uuid NOT NULL,
    PRIMARY KEY (case_id, number)
);
CREATE INDEX IF NOT EXISTS subjects_credential ON office.subjects (credential, member);

-- All that was written in words, and the applicant as the application has them: under the applicant's own key.
CREATE TABLE IF NOT EXISTS office.texts (
    id      uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    kind    text NOT NULL,
    written timestamptz NOT NULL,
    by      text NOT NULL,
    sealed  bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS texts_case ON office.texts (case_id, written);

CREATE TABLE IF NOT EXISTS office.file_numbers (
    year integer PRIMARY KEY,
    last bigint NOT NULL
);

-- The university's own course codes: which achievement, and which version of it, each stands for.
CREATE TABLE IF NOT EXISTS intake.course_codes (
    code        text COLLATE "C" PRIMARY KEY,
    achievement uuid NOT NULL,
    version     integer,                   -- null: the newest
    changed     timestamptz NOT NULL
);

-- Achievements that a document describes and nobody has published yet.
CREATE TABLE IF NOT EXISTS intake.drafts (
    draft       uuid PRIMARY KEY,
    content     bytea NOT NULL UNIQUE,     -- keyed hash of what was read: the same again is the same draft
    title       text NOT NULL,
    format      text NOT NULL,
    codes       text[] NOT NULL,           -- what the document calls it
    read        json NOT NULL,             -- Annex I as the document has it
    given       json NOT NULL,             -- what was given beside it
    odd         text[] NOT NULL,           -- what was read and has no certain meaning
    created     timestamptz NOT NULL,
    achievement uuid                       -- as what it was published
);

-- Credentials of documents whose achievement is a draft, under the node's own key; gone once they are issued.
CREATE TABLE IF NOT EXISTS intake.waiting (
    draft   uuid NOT NULL REFERENCES intake.drafts ON DELETE CASCADE,
    record  bytea NOT NULL,                -- keyed hash of the university's own id of the award
    student bytea,                         -- keyed hash of the learner's number, where the document has it
    sealed  bytea NOT NULL,
    arrived timestamptz NOT NULL,
    PRIMARY KEY (draft, record)
);
CREATE INDEX IF NOT EXISTS waiting_student ON intake.waiting (student) WHERE student IS NOT NULL;

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
