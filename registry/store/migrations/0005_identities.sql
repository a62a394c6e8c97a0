-- Persons at the institution's identity provider (OpenID Connect), and the account of each. `subject` is the value of
-- the claim that names the person there. `is_managed` says that the provider's claims made the account and set its
-- roles. The row stays when the account ends, so that the same person gets no new account by signing in again.
CREATE TABLE accounts.identities (
    identity   uuid PRIMARY KEY,
    issuer     text NOT NULL,
    subject    text NOT NULL,
    account    uuid NOT NULL REFERENCES accounts.accounts,
    is_managed boolean NOT NULL,
    created    timestamptz NOT NULL,
    used       timestamptz,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_account ON accounts.identities (account);
