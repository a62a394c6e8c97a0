-- What other members did that concerns this university. Local to this node: compared with no other, and kept when
-- the views are rebuilt. A reader keeps the last id that it has read.
CREATE SCHEMA IF NOT EXISTS feed;

CREATE SEQUENCE IF NOT EXISTS feed.ids;

CREATE TABLE IF NOT EXISTS feed.notices (
    id           bigint PRIMARY KEY DEFAULT nextval('feed.ids'), -- ascends in the order of commits; gaps mean nothing
    member       text NOT NULL,            -- the owner of the feed
    kind         text NOT NULL,
    thing        text NOT NULL,            -- id of what it is about, which is the owner's
    cause_member text NOT NULL,            -- the member whose event caused it; '' for counts
    leaf         bigint NOT NULL,          -- that event's leaf; of a count, the number that was reached
    size         bigint NOT NULL,          -- a size of that log which has the leaf
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    withdrawn    boolean NOT NULL DEFAULT false, -- governance took its cause's effect; a later notice says so
    withdraws    bigint NOT NULL DEFAULT 0,-- the notice that this one takes back
    data         json NOT NULL,
    UNIQUE (member, cause_member, leaf, kind, thing, withdraws)
);
CREATE INDEX IF NOT EXISTS notices_of ON feed.notices (member, id);
CREATE INDEX IF NOT EXISTS notices_standing ON feed.notices (cause_member) WHERE NOT withdrawn;

-- The part of each stream that the feed covers, and the governance it was read under. After a rebuild the views may be
-- ahead.
CREATE TABLE IF NOT EXISTS feed.taken (
    member     text PRIMARY KEY,
    size       bigint NOT NULL,
    governance bigint NOT NULL
);

-- The day before which decisions were last counted.
CREATE TABLE IF NOT EXISTS feed.counted (
    member text PRIMARY KEY,
    day    date NOT NULL
);
