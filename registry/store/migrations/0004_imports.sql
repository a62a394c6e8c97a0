-- Imports of the pages: batches that are only checked, whose content stays so that it can be handed over for release.
CREATE TABLE intake.imports (
    import   uuid PRIMARY KEY REFERENCES intake.batches ON DELETE CASCADE,
    version  bigint NOT NULL DEFAULT 0,    -- changes so far: corrections, hand-overs, returns
    previous uuid,                         -- the import whose file this one corrects
    closed   boolean NOT NULL DEFAULT false
);

-- What a clerk typed for a faulty row, or that it is left out. `sealed` has the cells, under the import's own key.
CREATE TABLE intake.row_corrections (
    import  uuid NOT NULL REFERENCES intake.imports ON DELETE CASCADE,
    line    bigint NOT NULL,
    version bigint NOT NULL,               -- changes of this row so far
    state   text NOT NULL,                 -- ready, unchanged or leftOut
    by      text NOT NULL,
    sealed  bytea NOT NULL,
    batch   uuid,                          -- the batch that it was handed over with
    PRIMARY KEY (import, line)
);

-- Batches that were made from an import and wait, or waited, for a second person.
CREATE TABLE intake.hand_overs (
    batch         uuid PRIMARY KEY REFERENCES intake.batches ON DELETE CASCADE,
    import        uuid NOT NULL REFERENCES intake.imports ON DELETE CASCADE,
    is_first      boolean NOT NULL,        -- with the rows that needed no correction
    rows          bigint NOT NULL,
    learners      bigint NOT NULL,
    awards        jsonb NOT NULL,          -- counts by achievement and version, with the first and last awarding day
    returned_by   text,
    sealed_note   bytea                    -- why it was sent back, under the import's own key
);
CREATE INDEX hand_overs_import ON intake.hand_overs (import);

-- Which column of a table stands for which of ours, as a clerk said last for tables with this header.
CREATE TABLE intake.column_mappings (
    header  bytea PRIMARY KEY,             -- keyed hash of the header's names
    columns jsonb NOT NULL,                -- our column by the place in the header, from 0
    by      text NOT NULL
);
