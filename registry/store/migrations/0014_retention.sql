-- The days on which retention rules were enforced, and how many rows each of them deleted.
CREATE TABLE privacy.retention_runs (
    day     date PRIMARY KEY,
    at      timestamptz NOT NULL,
    deleted jsonb NOT NULL                 -- rows by rule
);

-- An erasure finds what it deletes by these, however many learners there are.
CREATE INDEX records_learner ON vault.records (learner);
CREATE INDEX decisions_learner ON vault.decisions (learner) WHERE learner IS NOT NULL;
CREATE INDEX events_credential ON intake.events (credential);
