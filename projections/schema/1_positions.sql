-- How far the views have come, and what was not taken in. One row a stream; its member's rows and this one
-- change in one transaction.
CREATE TABLE positions (
    member      text PRIMARY KEY,          -- short name; 'governance' for the consortium's own log
    size        bigint NOT NULL,           -- tree size
    root        bytea NOT NULL,            -- root hash, 32 bytes
    hashes      bytea NOT NULL,            -- compact range, 32 bytes a subtree, largest first
    governance  bigint NOT NULL,           -- size of the governance log that the rows were folded under
    next        bigint NOT NULL,           -- where to go on reading in the log: this node's, not compared
    last        bigint,                    -- where the record that led to this head begins; null: not known
    anchors     integer NOT NULL DEFAULT 0,-- how many anchors and voided ranges had been taken into account
    voids       integer NOT NULL DEFAULT 0,
    skipped     bigint NOT NULL DEFAULT 0, -- events of unknown types
    diverged    boolean NOT NULL DEFAULT false -- governance refused or voided something: seals need a fold of their own
);

-- Some heads with their places in the log: an older head is recognised without the whole tree, and rows can be
-- rolled back to it (rollback.py).
CREATE TABLE waypoints (
    member   text NOT NULL,
    size     bigint NOT NULL,
    hashes   bytea NOT NULL,
    position bigint NOT NULL,              -- where the commit that follows begins
    skipped  bigint NOT NULL,              -- as in positions, at this size
    diverged boolean NOT NULL,
    PRIMARY KEY (member, size)
);

-- Records that are no valid extension, raw. A repeated head is no fault and is not kept.
CREATE TABLE quarantine (
    member   text NOT NULL,
    position bigint NOT NULL,
    code     text NOT NULL,
    detail   text NOT NULL,
    record   bytea NOT NULL,
    size     bigint,                       -- the tree size that it names; null where that cannot be read
    PRIMARY KEY (member, position)
);

-- Heads that a member validly signed and that its stream does not (yet) have; once per text.
CREATE TABLE claims (
    member   text NOT NULL,
    note     text NOT NULL,                -- checkpoint and signatures
    size     bigint NOT NULL,
    root     bytea NOT NULL,
    code     text NOT NULL,                -- fork, stale, not-an-extension
    settled  text NOT NULL,                -- open, agrees, contradicts
    actual   bytea,                        -- the tree's own root at that size, once it has it
    position bigint NOT NULL,              -- where the first record that bears it begins
    PRIMARY KEY (member, note)
);
CREATE INDEX claims_open ON claims (member, size) WHERE settled = 'open';

-- Events that are refused inside valid commits.
CREATE TABLE refusals (
    member text NOT NULL,
    leaf   bigint NOT NULL,
    code   text NOT NULL,
    path   text NOT NULL,
    detail text NOT NULL,
    line   bytea NOT NULL,
    PRIMARY KEY (member, leaf)
);
