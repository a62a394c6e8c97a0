-- Batches that somebody asked for in the form that replaces one credential: the credential, and how many events this
-- node had stored of it then.
CREATE TABLE intake.replacements (
    batch      uuid PRIMARY KEY REFERENCES intake.batches ON DELETE CASCADE,
    credential uuid NOT NULL,
    version    integer NOT NULL
);
