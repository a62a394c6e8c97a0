-- The consortium's members as governance says: one row each, rewritten when governance grows.
CREATE TABLE members (
    member     text PRIMARY KEY,
    country    text NOT NULL,
    standing   text NOT NULL,              -- active, suspended, withdrawn
    roles      text[] NOT NULL,
    keys       text[] NOT NULL,            -- 'vkey from to' in order of admission; 'to' is - while it counts
    content    json NOT NULL
);
