-- Keyed hash of a batch's options and content: the same Idempotency-Key with other ones is refused. Null where rows
-- were removed since, when the retention period of the content is over, and for batches of an earlier version.
ALTER TABLE intake.batches ADD COLUMN content bytea;
