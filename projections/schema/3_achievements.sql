-- What can be awarded: one row a thing, one a version.
CREATE TABLE achievements (
    member      text NOT NULL,
    achievement uuid NOT NULL,
    versions    integer NOT NULL,
    retired     boolean NOT NULL,
    retired_by  bigint,                    -- the leaf that retired it; not digested
    PRIMARY KEY (member, achievement)
);

CREATE TABLE achievement_versions (
    member      text NOT NULL,
    achievement uuid NOT NULL,
    version     integer NOT NULL,
    leaf        bigint NOT NULL,
    kind        text NOT NULL,
    title       json NOT NULL,
    ects        numeric,
    eqf_level   smallint,
    fields      text[] NOT NULL,           -- ISCED-F 2013
    bodies      text[] NOT NULL,           -- awarding bodies, the publisher among them
    content     json NOT NULL,             -- the event's data (contents.py)
    PRIMARY KEY (member, achievement, version)
);

-- Co-awarding as the co-awarder's own log confirms it.
CREATE TABLE joined (
    member      text NOT NULL,             -- who joined
    of_member   text NOT NULL,
    achievement uuid NOT NULL,
    version     integer NOT NULL,
    leaf        bigint NOT NULL,
    PRIMARY KEY (member, of_member, achievement, version)
);
CREATE INDEX joined_of ON joined (of_member, achievement, version);
