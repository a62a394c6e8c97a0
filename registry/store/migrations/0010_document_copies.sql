-- Documents that were made of credentials and portfolios for their learners: ids, never what a document says. `by` is
-- the person or system of the university that asked for it. The place in the status lists is null where a document has
-- none.
CREATE TABLE vault.document_copies (
    copy         uuid PRIMARY KEY,
    learner      uuid NOT NULL,
    credential   uuid,                     -- null for a portfolio
    format       text NOT NULL,
    at           timestamptz NOT NULL,
    by           text NOT NULL,
    key          text,                     -- the thumbprint of the key that signed it
    status_list  text,
    status_index bigint
);
CREATE INDEX document_copies_learner ON vault.document_copies (learner, at);
CREATE INDEX document_copies_credential ON vault.document_copies (credential) WHERE credential IS NOT NULL;
