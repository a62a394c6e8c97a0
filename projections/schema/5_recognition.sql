-- Decisions, what they rest on, assessments, agreements.
CREATE TABLE decisions (
    member        text NOT NULL,
    decision      uuid NOT NULL,
    leaf          bigint NOT NULL,
    state         text NOT NULL,           -- inForce, superseded, withdrawn
    purpose       text NOT NULL,
    effect        text NOT NULL,
    decision_date date NOT NULL,
    superseded_by uuid,
    closed        bigint,                  -- the leaf that superseded or withdrew it
    content       json NOT NULL,
    PRIMARY KEY (member, decision)
);
CREATE INDEX decisions_year ON decisions (member, decision_date);

CREATE TABLE decision_bases (
    member      text NOT NULL,
    decision    uuid NOT NULL,
    basis       integer NOT NULL,          -- its place in the list
    of_member   text,
    achievement uuid,
    version     integer,
    credential  uuid,                      -- only where it is named openly
    PRIMARY KEY (member, decision, basis)
);
CREATE INDEX decision_bases_achievement ON decision_bases (of_member, achievement, version);
CREATE INDEX decision_bases_credential ON decision_bases (of_member, credential, member COLLATE "C", decision)
    WHERE credential IS NOT NULL;

-- How many decisions were made in a month (its first day), whatever became of them: of all, `of_member` empty, and of
-- those that name an achievement of a member. Made with the rows above, and not digested.
CREATE TABLE decision_counts (
    member    text COLLATE "C" NOT NULL,   -- who decided
    of_member text COLLATE "C" NOT NULL,
    month     date NOT NULL,
    number    bigint NOT NULL,
    PRIMARY KEY (of_member, member, month)
);

CREATE TABLE assessments (
    member      text NOT NULL,
    assessment  uuid NOT NULL,
    leaf        bigint NOT NULL,
    state       text NOT NULL,             -- inForce, withdrawn
    of_member   text NOT NULL,
    achievement uuid NOT NULL,
    version     integer NOT NULL,
    outcome     text NOT NULL,
    content     json NOT NULL,
    closed      bigint,                    -- the leaf that withdrew it; not digested
    PRIMARY KEY (member, assessment)
);
CREATE INDEX assessments_achievement ON assessments (of_member, achievement, version);

CREATE TABLE agreements (
    member            text NOT NULL,
    agreement         uuid NOT NULL,
    leaf              bigint NOT NULL,
    with_member       text NOT NULL,
    include_revisions boolean NOT NULL,
    eqf_levels        smallint[],          -- of a filter; null: not named
    fields            text[],
    valid_from        date NOT NULL,
    valid_until       date,
    withdrawn_from    date,
    content           json NOT NULL,
    closed            bigint,              -- the leaf that withdrew it; not digested
    PRIMARY KEY (member, agreement)
);
CREATE INDEX agreements_with ON agreements (with_member, member COLLATE "C", agreement);
CREATE INDEX agreements_of_kinds ON agreements (with_member, member, agreement)
    WHERE eqf_levels IS NOT NULL OR fields IS NOT NULL;

CREATE TABLE agreement_targets (
    member      text NOT NULL,
    agreement   uuid NOT NULL,
    target      integer NOT NULL,          -- its place in the list
    achievement uuid NOT NULL,
    version     integer NOT NULL,
    PRIMARY KEY (member, agreement, target)
);
CREATE INDEX agreement_targets_achievement ON agreement_targets (achievement, member COLLATE "C", agreement);
