-- The keys with which members sign documents: one row a key that was announced.
CREATE TABLE issuing_keys (
    member    text NOT NULL,
    key       text NOT NULL,               -- the JWK thumbprint
    leaf      bigint NOT NULL,
    announced text NOT NULL,               -- the event's time, as written
    profiles  text[] NOT NULL,
    content   json NOT NULL,
    ended     bigint,                      -- the leaf that ended it
    ended_at  text,                        -- that event's time, as written
    reason    text,                        -- rotated, lost, compromised
    PRIMARY KEY (member, key)
);
CREATE INDEX issuing_keys_key ON issuing_keys (key, member COLLATE "C");
