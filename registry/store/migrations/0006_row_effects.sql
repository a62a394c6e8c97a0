-- What became of the rows of a batch that took effect, for its page: those among its first 10,000 lines. Deleted with
-- the batch's content, 90 days after its end.
CREATE TABLE intake.row_effects (
    batch      uuid NOT NULL REFERENCES intake.batches ON DELETE CASCADE,
    line       bigint NOT NULL,            -- of a document, the award's number
    credential uuid NOT NULL,
    is_new     boolean NOT NULL,           -- false where it was so before
    PRIMARY KEY (batch, line)
);
