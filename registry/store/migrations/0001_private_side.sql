-- What a node keeps to itself, beside its domain events (which `eventsourcing` makes the table of).
CREATE SCHEMA IF NOT EXISTS vault;

-- Which generation of each bucket's key is in use (registry/vault/keys.py); the keys are in a file. Empty: this database
-- was just made, is being restored, or is of an older version.
CREATE TABLE IF NOT EXISTS vault.keys (
    bucket     smallint PRIMARY KEY,       -- 0 to 255: learners by the first byte of their id; 256: the shared key
    generation integer NOT NULL
);

-- A value is sealed with the key that is in use when it is written, or not written: keys are replaced under an exclusive
-- lock on `vault.keys` (registry/vault/key_replacement.py). What a key sealed begins with its
-- bucket (2 bytes) and its generation (4 bytes). Whoever replaces
-- keys sets `vault.replacing` for the transaction, and is not held up by this for every row.
CREATE OR REPLACE FUNCTION vault.wait_for_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE vault.keys IN ROW SHARE MODE;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION vault.check_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sealed bytea := decode(substr(to_jsonb(NEW) ->> TG_ARGV[0], 3), 'hex');
BEGIN
    IF sealed IS NULL THEN
        RETURN NULL;
    END IF;
    LOCK TABLE vault.keys IN ROW SHARE MODE;
    PERFORM FROM vault.keys
    WHERE bucket = get_byte(sealed, 0) * 256 + get_byte(sealed, 1) AND int4send(generation) <> substr(sealed, 3, 4);
    IF FOUND THEN
        RAISE EXCEPTION 'a key of the vault was replaced just now; try again' USING ERRCODE = '40001';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION vault.check_learners_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM fresh JOIN vault.keys ON bucket = get_byte(uuid_send(learner), 0)
    WHERE int4send(generation) <> substr(key, 3, 4);
    IF FOUND THEN
        RAISE EXCEPTION 'a key of the vault was replaced just now; try again' USING ERRCODE = '40001';
    END IF;
    RETURN NULL;
END $$;

-- Learners of this university. `student` is a keyed hash of its own number; `key` the learner's key, wrapped
-- by the key of the learner's bucket; `person` is encrypted under the learner's key.
CREATE TABLE IF NOT EXISTS vault.learners (
    learner uuid PRIMARY KEY,
    student bytea NOT NULL UNIQUE,
    key     bytea NOT NULL,
    person  bytea NOT NULL
);
DROP TRIGGER IF EXISTS wait_for_keys ON vault.learners;
CREATE TRIGGER wait_for_keys BEFORE INSERT ON vault.learners
    FOR EACH STATEMENT EXECUTE FUNCTION vault.wait_for_keys();
DROP TRIGGER IF EXISTS check_keys ON vault.learners;
CREATE TRIGGER check_keys AFTER INSERT ON vault.learners REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION vault.check_learners_keys();

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

-- Further student numbers of a learner, as keyed hashes: of learners who were merged into them.
CREATE TABLE IF NOT EXISTS vault.further_numbers (
    student bytea PRIMARY KEY,
    learner uuid NOT NULL
);
CREATE INDEX IF NOT EXISTS further_numbers_learner ON vault.further_numbers (learner);

-- Rows that are held: the student number is known with another person behind it. `sealed` has the row's own id and its
-- person, under the key of the learner who is known.
CREATE TABLE IF NOT EXISTS vault.held_rows (
    record   bytea PRIMARY KEY,            -- keyed hash of the row's own id
    student  bytea NOT NULL,               -- keyed hash of the number
    learner  uuid NOT NULL,
    at       timestamptz NOT NULL,
    sealed   bytea NOT NULL,
    decision text,                         -- same-person, other-person; null: nobody has decided
    by       text,
    decided  timestamptz,
    version  text                          -- of a decided one: keyed hash of what whoever decided had read
);
ALTER TABLE vault.held_rows ADD COLUMN IF NOT EXISTS version text;
-- A row that was issued waits for nothing.
DELETE FROM vault.held_rows h USING vault.records r WHERE r.record = h.record;
CREATE INDEX IF NOT EXISTS held_rows_learner ON vault.held_rows (learner);
CREATE INDEX IF NOT EXISTS held_rows_open ON vault.held_rows (at, record) WHERE decision IS NULL;

-- Learners that are merged or split: proposed by one person, confirmed by another. `sealed` has what was shown, under
-- the key of the source.
CREATE TABLE IF NOT EXISTS vault.learner_changes (
    change       uuid PRIMARY KEY,
    kind         text NOT NULL,            -- merge, split
    source       uuid NOT NULL,
    target       uuid NOT NULL,
    preview      bytea NOT NULL,           -- keyed hash of what was shown
    sealed       bytea NOT NULL,
    proposed_by  text NOT NULL,
    proposed     timestamptz NOT NULL,
    confirmed_by text,
    confirmed    timestamptz
);
-- How many credentials it revokes and issues again.
ALTER TABLE vault.learner_changes ADD COLUMN IF NOT EXISTS moves integer;
CREATE INDEX IF NOT EXISTS learner_changes_source ON vault.learner_changes (source);
CREATE INDEX IF NOT EXISTS learner_changes_target ON vault.learner_changes (target);

-- Which credential was revoked and which was issued in its place to the right learner.
CREATE TABLE IF NOT EXISTS vault.moved_credentials (
    old    uuid PRIMARY KEY,
    new    uuid NOT NULL,
    change uuid NOT NULL REFERENCES vault.learner_changes ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS moved_credentials_new ON vault.moved_credentials (new);
CREATE INDEX IF NOT EXISTS moved_credentials_change ON vault.moved_credentials (change);

-- Whom a cohort's list named, as keyed hashes, and the decision that each row became.
CREATE TABLE IF NOT EXISTS vault.cohorts (
    record   bytea PRIMARY KEY,            -- of the assessment and the row's own id
    content  bytea NOT NULL UNIQUE,        -- of the assessment and the credential
    decision uuid NOT NULL
);

-- What own decisions name by digest only: the disclosure, encrypted under the vault's shared key.
CREATE TABLE IF NOT EXISTS vault.decisions (
    decision uuid PRIMARY KEY,
    sealed   bytea NOT NULL
);
-- Under the key of this learner, where the decision was made in a case: gone with the learner.
ALTER TABLE vault.decisions ADD COLUMN IF NOT EXISTS learner uuid;
DROP TRIGGER IF EXISTS check_sealed ON vault.decisions;
CREATE TRIGGER check_sealed AFTER INSERT OR UPDATE OF sealed ON vault.decisions
    FOR EACH ROW WHEN (NEW.learner IS NULL AND current_setting('vault.replacing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION vault.check_key('sealed');

-- The university's own words beside the reason of a change of status, under the learner's key.
CREATE TABLE IF NOT EXISTS vault.status_notes (
    credential uuid NOT NULL,
    version    integer NOT NULL,           -- of the credential, once the change is made
    learner    uuid NOT NULL,
    change     text NOT NULL,              -- suspend, reinstate, revoke
    written    timestamptz NOT NULL,
    sealed     bytea NOT NULL,
    PRIMARY KEY (credential, version)
);
CREATE INDEX IF NOT EXISTS status_notes_learner ON vault.status_notes (learner);

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

-- Own events that the log refused, and what was done about each: published again under a new id, or closed by hand.
CREATE TABLE IF NOT EXISTS publisher.dealt_with (
    leaf      bigint PRIMARY KEY,          -- where the refused event stands on the log
    what      text NOT NULL,               -- published-again, closed
    subject   text NOT NULL,               -- the id of what it was about
    at        timestamptz NOT NULL
);
-- Stored events that consumers would have refused when it was their turn. They are in no commit until `size` says so.
CREATE TABLE IF NOT EXISTS publisher.held (
    notification bigint PRIMARY KEY,
    aggregate    text NOT NULL,            -- later events of the same aggregate are held back behind it
    topic        text NOT NULL,            -- the stored event's
    code         text NOT NULL,            -- EVENTS.md's name of the rule
    reason       text NOT NULL,
    size         bigint                    -- tree size after the commit that published it; null: held back
);
CREATE INDEX IF NOT EXISTS held_waiting ON publisher.held (notification) WHERE size IS NULL;

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
    body    bytea,                         -- location and content, under the vault's shared key
    PRIMARY KEY (caller, key)
);
DROP TRIGGER IF EXISTS check_body ON access.requests;
CREATE TRIGGER check_body AFTER INSERT OR UPDATE OF body ON access.requests
    FOR EACH ROW WHEN (current_setting('vault.replacing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION vault.check_key('body');
CREATE INDEX IF NOT EXISTS requests_began ON access.requests (began);

-- Files of rows that systems sent in. The content is beside the database, encrypted with `key`, which is wrapped
-- by the vault's shared key; so are name, notes and error, which may repeat what was sent.
CREATE SCHEMA IF NOT EXISTS intake;

CREATE TABLE IF NOT EXISTS intake.batches (
    batch       uuid PRIMARY KEY,
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
    UNIQUE (by, request)
);
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS sealed_name bytea;
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS sealed_notes bytea;
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS sealed_error bytea;
DROP TRIGGER IF EXISTS check_key ON intake.batches;
CREATE TRIGGER check_key AFTER INSERT OR UPDATE OF key ON intake.batches
    FOR EACH ROW WHEN (current_setting('vault.replacing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION vault.check_key('key');
-- Of a reconciliation: the term, both days included.
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS awarded_from date;
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS awarded_until date;
-- How its rows are to be read: the order of day, month and year; whether text that looks broken is meant.
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS dates text;
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS keep_text boolean NOT NULL DEFAULT false;
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
-- Of a spreadsheet whose lines the worker has still to count: above how many of them it waits for a second person
-- (0: it never does). Null once they are counted.
ALTER TABLE intake.batches ADD COLUMN IF NOT EXISTS release_above bigint;
CREATE INDEX IF NOT EXISTS batches_open ON intake.batches (created)
    WHERE state IN ('working', 'waiting', 'scheduled');
CREATE INDEX IF NOT EXISTS batches_newest ON intake.batches (created, batch);

-- Events of the university's own systems that had an effect here: the same event again changes nothing.
CREATE TABLE IF NOT EXISTS intake.events (
    event      bytea PRIMARY KEY,          -- keyed hash of its source and id
    content    bytea NOT NULL,             -- keyed hash of its type and data
    credential uuid NOT NULL               -- what it was about, or led to
);

-- Which offset of each partition of the intake topic is read next.
CREATE TABLE IF NOT EXISTS intake.positions (
    topic     text NOT NULL,
    partition integer NOT NULL,
    next      bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);
-- Offsets of the intake topic that Kafka removed before they were read.
CREATE TABLE IF NOT EXISTS intake.lost (
    number          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic           text NOT NULL,
    partition       integer NOT NULL,
    first           bigint NOT NULL,
    last            bigint,                -- null: the topic was made again, and nobody can say how much is lost
    noticed         timestamptz NOT NULL,
    acknowledged    timestamptz,
    acknowledged_by text
);
CREATE UNIQUE INDEX IF NOT EXISTS lost_once ON intake.lost (topic, partition, first, coalesce(last, -1))
    WHERE acknowledged IS NULL;

-- Rows that were not taken in. Where, which field, its value and what is wrong: under the batch's key.
CREATE TABLE IF NOT EXISTS intake.problems (
    batch   uuid NOT NULL REFERENCES intake.batches ON DELETE CASCADE,
    line    bigint NOT NULL,
    number  integer NOT NULL,
    code    text NOT NULL,
    PRIMARY KEY (batch, line, number)
);
ALTER TABLE intake.problems ADD COLUMN IF NOT EXISTS sealed bytea;

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
-- The credential's status when the decision that stands was made; null before one, and of older decisions.
ALTER TABLE office.subjects ADD COLUMN IF NOT EXISTS seen text;
-- Whether the decision that stands is not about it.
ALTER TABLE office.subjects ADD COLUMN IF NOT EXISTS left_out boolean NOT NULL DEFAULT false;

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

-- What the office's programmes require, in its own words: about programmes, never about a person.
CREATE TABLE IF NOT EXISTS office.profiles (
    key         text COLLATE "C" PRIMARY KEY,  -- the name without case and accents
    name        text NOT NULL,
    requirement jsonb NOT NULL,
    changed     timestamptz NOT NULL,
    by          text NOT NULL
);

-- Files of a case: scans and documents, and what is kept as evidence. The content and the file's own name are sealed
-- under the applicant's own key.
CREATE TABLE IF NOT EXISTS office.attachments (
    id          uuid PRIMARY KEY,
    case_id     uuid NOT NULL,
    kind        text NOT NULL,
    subject     integer,                   -- which credential of the case it is about; null: the case as a whole
    media       text NOT NULL,             -- found out from the content
    bytes       bigint NOT NULL,
    digest      bytea NOT NULL,            -- keyed hash of the content: the same file again is told
    added       timestamptz NOT NULL,
    by          text NOT NULL,
    sealed      bytea NOT NULL,
    sealed_name bytea
);
CREATE INDEX IF NOT EXISTS attachments_case ON office.attachments (case_id, added);

-- Who of the office works on a case. The newest row of a case counts; null: nobody.
CREATE TABLE IF NOT EXISTS office.assignments (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id  uuid NOT NULL,
    assignee text,
    assigned timestamptz NOT NULL,
    by       text NOT NULL
);
CREATE INDEX IF NOT EXISTS assignments_case ON office.assignments (case_id, number);

-- What somebody has seen of a credential's changes after the decision: how it was then.
CREATE TABLE IF NOT EXISTS office.acknowledgements (
    case_id      uuid NOT NULL,
    subject      integer NOT NULL,
    condition    text NOT NULL,            -- status, flags and place of the last change
    acknowledged timestamptz NOT NULL,
    by           text NOT NULL,
    PRIMARY KEY (case_id, subject)
);

-- Credentials that a decision honours and whose issuers denied them after it; until somebody has seen that.
CREATE TABLE IF NOT EXISTS office.denials (
    case_id      uuid NOT NULL,
    subject      integer NOT NULL,
    acknowledged timestamptz,
    by           text,
    PRIMARY KEY (case_id, subject)
);

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

-- Achievements that a document describes and nobody has published yet: what the document says of it, and what was given
-- beside it, under the vault's shared key, as a document may have a person's data in the wrong place.
CREATE TABLE IF NOT EXISTS intake.drafts (
    draft       uuid PRIMARY KEY,
    content     bytea NOT NULL UNIQUE,     -- keyed hash of what was read: the same again is the same draft
    format      text NOT NULL,
    created     timestamptz NOT NULL,
    achievement uuid                       -- as what it was published
);
ALTER TABLE intake.drafts ADD COLUMN IF NOT EXISTS sealed bytea;
DROP TRIGGER IF EXISTS check_sealed ON intake.drafts;
CREATE TRIGGER check_sealed AFTER INSERT OR UPDATE OF sealed ON intake.drafts
    FOR EACH ROW WHEN (current_setting('vault.replacing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION vault.check_key('sealed');

-- Credentials of documents whose achievement is a draft, under the vault's shared key; gone once they are issued.
CREATE TABLE IF NOT EXISTS intake.waiting (
    draft   uuid NOT NULL REFERENCES intake.drafts ON DELETE CASCADE,
    record  bytea NOT NULL,                -- keyed hash of the university's own id of the award
    student bytea,                         -- keyed hash of the learner's number, where the document has it
    sealed  bytea NOT NULL,
    arrived timestamptz NOT NULL,
    PRIMARY KEY (draft, record)
);
DROP TRIGGER IF EXISTS check_sealed ON intake.waiting;
CREATE TRIGGER check_sealed AFTER INSERT OR UPDATE OF sealed ON intake.waiting
    FOR EACH ROW WHEN (current_setting('vault.replacing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION vault.check_key('sealed');
CREATE INDEX IF NOT EXISTS waiting_student ON intake.waiting (student) WHERE student IS NOT NULL;

-- Webhooks: where this university's feed is posted to, and what waits to be.
CREATE SCHEMA IF NOT EXISTS webhooks;

CREATE TABLE IF NOT EXISTS webhooks.endpoints (
    endpoint       uuid PRIMARY KEY,
    url            text NOT NULL,
    kinds          text[] NOT NULL,          -- which types; empty: all
    secret         bytea NOT NULL,           -- under the vault's shared key, as is `previous`
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
DROP TRIGGER IF EXISTS check_secret ON webhooks.endpoints;
CREATE TRIGGER check_secret AFTER INSERT OR UPDATE OF secret ON webhooks.endpoints
    FOR EACH ROW WHEN (current_setting('vault.replacing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION vault.check_key('secret');
DROP TRIGGER IF EXISTS check_previous ON webhooks.endpoints;
CREATE TRIGGER check_previous AFTER INSERT OR UPDATE OF previous ON webhooks.endpoints
    FOR EACH ROW WHEN (current_setting('vault.replacing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION vault.check_key('previous');

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
