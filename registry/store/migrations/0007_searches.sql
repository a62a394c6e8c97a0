-- Searches by person that a session may show again for a short time. `sealed` is encrypted with a key that is derived
-- from the session's cookie, which the database does not have (registry/accounts/searches.py).
CREATE TABLE accounts.searches (
    search  uuid PRIMARY KEY,
    session uuid NOT NULL REFERENCES accounts.sessions ON DELETE CASCADE,
    made    timestamptz NOT NULL,
    sealed  bytea NOT NULL
);
CREATE INDEX searches_session ON accounts.searches (session, made);
CREATE INDEX searches_made ON accounts.searches (made);

-- Who acted last on a credential or an achievement (registry/accounts/journal.py).
CREATE INDEX journal_subject ON accounts.journal (subject, number);
