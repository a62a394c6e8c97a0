-- Erasures whose bytes may still be in the database's files, on old pages and in the write-ahead log. No learner is
-- named: the rows of all of them go at once, when the tables are rewritten.
CREATE TABLE privacy.erased_bytes (
    erased timestamptz NOT NULL DEFAULT now(),
    xid    xid8 NOT NULL DEFAULT pg_current_xact_id()  -- who began before it may still see the rows
);

-- The newest rewrite of the tables.
CREATE TABLE privacy.rewrites (
    is_newest boolean PRIMARY KEY DEFAULT true CHECK (is_newest),
    begun     timestamptz NOT NULL,
    hindrance text                         -- why it was not complete; null where it was
);
