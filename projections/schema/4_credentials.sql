-- One row a credential. Whether it has expired is the reader's to compute; its flags are a join (flags.py).
CREATE TABLE credentials (
    member        text NOT NULL,
    credential    uuid NOT NULL,
    leaf          bigint NOT NULL,
    achievement   uuid NOT NULL,
    version       integer NOT NULL,
    learner       uuid,                    -- null once this member erased the learner
    holder        bytea,                   -- only then: rules.credentials.holder_check
    awarding_date date NOT NULL,
    ects          numeric,
    valid_until   date,
    status        text NOT NULL,
    replaced_by   uuid,
    claims        text,
    has_parts     boolean NOT NULL,
    PRIMARY KEY (member, credential)
);
CREATE INDEX credentials_learner ON credentials (learner, member COLLATE "C", credential) WHERE learner IS NOT NULL;
CREATE INDEX credentials_replaced ON credentials (member, replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX credentials_spoiled ON credentials (member, credential) WHERE status IN ('revoked', 'replaced');
CREATE INDEX credentials_stacked ON credentials (member, credential) WHERE has_parts;
CREATE INDEX credentials_year ON credentials (member, awarding_date, achievement);

-- How many there are: of what was awarded in a month (its first day), by the status they have now. `ects` is of the
-- active ones; null where none that was awarded has any. Made with the rows above, and not digested.
CREATE TABLE award_counts (
    member      text COLLATE "C" NOT NULL,
    month       date NOT NULL,
    achievement uuid NOT NULL,
    active      bigint NOT NULL,
    suspended   bigint NOT NULL,
    revoked     bigint NOT NULL,
    replaced    bigint NOT NULL,
    ects        numeric,
    PRIMARY KEY (member, month, achievement)
);

CREATE TABLE parts (
    member          text NOT NULL,
    credential      uuid NOT NULL,
    part            integer NOT NULL,      -- its place in the list
    part_member     text NOT NULL,
    part_credential uuid NOT NULL,
    ects            numeric NOT NULL,
    by_member       text,
    by_decision     uuid,
    by_agreement    uuid,
    PRIMARY KEY (member, credential, part)
);
CREATE INDEX parts_of ON parts (part_member, part_credential, member, credential);

-- Credentials whose issuing was voided: known, and never valid.
CREATE TABLE voided_credentials (
    member     text NOT NULL,
    credential uuid NOT NULL,
    leaf       bigint NOT NULL,
    PRIMARY KEY (member, credential, leaf)
);

-- What became of credentials, leaf by leaf. `effective` as governance lets it count; `published` by the
-- member's leaves alone, which is what a seal speaks of.
CREATE TABLE status_changes (
    member     text NOT NULL,
    credential uuid NOT NULL,
    leaf       bigint NOT NULL,
    status     text NOT NULL,
    effective  boolean NOT NULL,
    published  boolean NOT NULL,
    PRIMARY KEY (member, credential, leaf)
);

CREATE TABLE seals (
    member  text NOT NULL,
    leaf    bigint NOT NULL,
    size    bigint NOT NULL,
    count   bigint NOT NULL,
    root    text NOT NULL,
    verdict text NOT NULL,                 -- agrees, contradicts
    PRIMARY KEY (member, leaf)
);

-- Where the member's leaves alone lead elsewhere than governance lets them: kept for seals, few.
CREATE TABLE published_achievements (
    member      text NOT NULL,
    achievement uuid NOT NULL,
    state       json,                      -- null: by the leaves alone there is none
    PRIMARY KEY (member, achievement)
);

CREATE TABLE published_credentials (
    member     text NOT NULL,
    credential uuid NOT NULL,
    state      json,
    PRIMARY KEY (member, credential)
);

CREATE TABLE erasures (
    member  text NOT NULL,
    learner uuid NOT NULL,
    leaf    bigint NOT NULL,
    PRIMARY KEY (member, learner)
);
