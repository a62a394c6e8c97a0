-- People of the university who sign in to the pages (registry/accounts).
CREATE SCHEMA accounts;

-- `name` is shown; `person` is the same without differences of letter case and spaces: rules that want two persons
-- compare it, with the names of API keys and of accounts of the command line, too.
CREATE TABLE accounts.accounts (
    account uuid PRIMARY KEY,
    name    text NOT NULL,
    person  text NOT NULL,
    roles   text[] NOT NULL,
    created timestamptz NOT NULL,
    ended   timestamptz
);
CREATE UNIQUE INDEX accounts_person ON accounts.accounts (person) WHERE ended IS NULL;

-- One-time links. `secret` is the SHA-256 of what the link carries.
CREATE TABLE accounts.links (
    secret  bytea PRIMARY KEY,
    account uuid NOT NULL REFERENCES accounts.accounts,
    expires timestamptz NOT NULL
);
CREATE INDEX links_account ON accounts.links (account);

-- `secret` is the SHA-256 of the cookie. `way` is `link` or `passkey`.
CREATE TABLE accounts.sessions (
    session uuid PRIMARY KEY,
    secret  bytea NOT NULL UNIQUE,
    account uuid NOT NULL REFERENCES accounts.accounts,
    way     text NOT NULL,
    began   timestamptz NOT NULL,
    last_request    timestamptz NOT NULL
);
CREATE INDEX sessions_account ON accounts.sessions (account);

-- Public keys of authenticators (WebAuthn). `credential` is the authenticator's own id of the key.
CREATE TABLE accounts.passkeys (
    passkey    uuid PRIMARY KEY,
    credential bytea NOT NULL UNIQUE,
    account    uuid NOT NULL REFERENCES accounts.accounts,
    name       text NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    created    timestamptz NOT NULL,
    used       timestamptz
);
CREATE INDEX passkeys_account ON accounts.passkeys (account);

-- Challenges that a browser must sign, each once. `account` is that of a new passkey, null to sign in.
CREATE TABLE accounts.challenges (
    challenge bytea PRIMARY KEY,
    account   uuid REFERENCES accounts.accounts,
    expires   timestamptz NOT NULL
);
CREATE INDEX challenges_expires ON accounts.challenges (expires);

-- What people did, in a chain: `hash` is over the row and the hash of the row before (registry/accounts/journal.py).
CREATE TABLE accounts.journal (
    number  bigint PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    act     text NOT NULL,
    subject text NOT NULL,
    hash    bytea NOT NULL
);
CREATE FUNCTION accounts.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is only added to';
END $$;
CREATE TRIGGER only_add BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts.journal
    FOR EACH STATEMENT EXECUTE FUNCTION accounts.refuse_change();
