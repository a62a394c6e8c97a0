-- Status lists of documents that left this node: each copy of a credential has a place of its own.
CREATE SCHEMA status;

CREATE TABLE status.lists (
    list    integer PRIMARY KEY,
    size    integer NOT NULL,                -- entries
    used    integer NOT NULL DEFAULT 0,      -- places of copies, and decoys
    changed bigint NOT NULL DEFAULT 1,       -- how often a status in it has changed
    signed  bigint NOT NULL DEFAULT 0,       -- the value of `changed` that its documents have
    signed_at timestamptz,
    signers text NOT NULL DEFAULT ''         -- thumbprints of the keys that signed its documents
);

-- One row a place that is taken. A decoy has no credential; neither has a copy whose learner was erased, and its
-- status stays as it was.
CREATE TABLE status.places (
    list       integer NOT NULL REFERENCES status.lists,
    place      integer NOT NULL,
    credential uuid,
    status     smallint NOT NULL DEFAULT 0,  -- 0 valid, 1 invalid (for good), 2 suspended
    is_new     boolean NOT NULL DEFAULT true,-- its credential's status was not looked up yet
    is_decoy   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (list, place)
);
CREATE INDEX places_of_credential ON status.places (credential) WHERE credential IS NOT NULL;
CREATE INDEX places_new ON status.places (credential) WHERE is_new;
CREATE INDEX places_set ON status.places (list, place, status) WHERE status <> 0;
CREATE INDEX places_decoys ON status.places (list, place) WHERE is_decoy;

-- What is served: the newest signed lists.
CREATE TABLE status.documents (
    list       integer NOT NULL REFERENCES status.lists DEFERRABLE INITIALLY DEFERRED, -- a backup has it first
    form       text NOT NULL,                -- token, revocation, suspension
    media_type text NOT NULL,
    content    bytea NOT NULL,
    PRIMARY KEY (list, form, media_type)
);

-- How far the views had come when statuses were last compared. One row.
CREATE TABLE status.followed (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    size       bigint NOT NULL,
    governance bigint NOT NULL,
    voids      integer NOT NULL
);
