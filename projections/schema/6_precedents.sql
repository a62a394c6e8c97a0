-- What was decided about achievements, in the order in which offices look for it. Made from decisions and
-- assessments with them, and not digested: nothing here says more than those do.
-- One row for each grant on each achievement that a decision rests on; an assessment is one.
CREATE TABLE precedents (
    member      text COLLATE "C" NOT NULL, -- whose office decided
    leaf        bigint NOT NULL,
    basis       integer NOT NULL,          -- places in the decision's lists; 0 and 0 of an assessment
    grant_no    integer NOT NULL,
    kind        text NOT NULL,             -- decision, assessment
    thing       uuid NOT NULL,             -- its id
    state       text NOT NULL,             -- inForce, superseded, withdrawn
    of_member   text COLLATE "C" NOT NULL,
    achievement uuid NOT NULL,
    version     integer NOT NULL,
    day         date NOT NULL,             -- of the decision; of an assessment the day that its event says
    purpose     text NOT NULL,
    effect      text NOT NULL,
    outcome     text NOT NULL,
    grounds     text[] NOT NULL,           -- aspect:difference, each once
    towards     text COLLATE "C",          -- programmes.towards
    PRIMARY KEY (member, leaf, basis, grant_no)
);
CREATE INDEX precedents_achievement ON precedents (of_member, achievement, day, member, leaf, basis, grant_no);
CREATE INDEX precedents_issuer ON precedents (of_member, day, member, leaf, basis, grant_no);
CREATE INDEX precedents_office ON precedents (member, day, leaf, basis, grant_no);
CREATE INDEX precedents_towards ON precedents (towards, day, member, leaf, basis, grant_no) WHERE towards IS NOT NULL;

-- How many of them there are: by deciding office, so that each row is one stream's and no two projectors meet.
-- Beside each version's counts stand sums: over all achievements of a member (achievement all zeros, version 0)
-- and over everybody's (of_member empty as well). Of each of these there is the sum over all time (its month is
-- -infinity), and that once more over all purposes and effects (both empty).
CREATE TABLE precedent_counts (
    of_member   text COLLATE "C" NOT NULL,
    achievement uuid NOT NULL,
    version     integer NOT NULL,
    member      text COLLATE "C" NOT NULL,
    month       date NOT NULL,             -- its first day, or -infinity
    purpose     text COLLATE "C" NOT NULL,
    effect      text COLLATE "C" NOT NULL,
    what        text COLLATE "C" NOT NULL, -- an outcome, or a ground as aspect:difference
    in_force    integer NOT NULL,
    superseded  integer NOT NULL,
    withdrawn   integer NOT NULL,
    PRIMARY KEY (of_member, achievement, month, purpose, effect, version, member, what)
        INCLUDE (in_force, superseded, withdrawn) -- thousands are summed for one search, from the index alone
);

-- What decisions count towards, as each office names it: a member's achievement, or a title.
CREATE TABLE programmes (
    member  text COLLATE "C" NOT NULL,
    towards text COLLATE "C" NOT NULL,     -- MEMBER/ACHIEVEMENT, or a title without accents and capitals
    words   tsvector,                      -- of a title, in all its languages; null of an achievement
    PRIMARY KEY (member, towards)
);
CREATE INDEX programmes_towards ON programmes (towards);
CREATE INDEX programmes_words ON programmes USING gin (words) WITH (fastupdate = off);
