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

CREATE FUNCTION privacy.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('privacy.retention', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the access journal is only added to';
END $$;
CREATE TRIGGER only_add BEFORE UPDATE OR DELETE ON privacy.reads FOR EACH ROW EXECUTE FUNCTION privacy.refuse_change();
CREATE TRIGGER only_add_all BEFORE TRUNCATE ON privacy.reads
    FOR EACH STATEMENT EXECUTE FUNCTION privacy.refuse_change();

-- Where the chain begins once its oldest rows were deleted after their retention period: the last number and hash of
-- the deleted ones.
CREATE TABLE privacy.reads_start (
    is_set boolean PRIMARY KEY DEFAULT true CHECK (is_set),
    number bigint NOT NULL,
    hash   bytea NOT NULL
);
