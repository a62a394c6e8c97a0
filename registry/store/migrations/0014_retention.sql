-- The days on which retention rules were enforced, and how many rows each of them deleted.
CREATE TABLE privacy.retention_runs (
    day     date PRIMARY KEY,
    at      timestamptz NOT NULL,
    deleted jsonb NOT NULL                 -- rows by rule
);
