-- The catalogue as people search it: made from achievement_versions with them, and not digested.
CREATE AGGREGATE words_joined (tsvector) (SFUNC = tsvector_concat, STYPE = tsvector, INITCOND = '');

CREATE TABLE achievement_search (
    member         text COLLATE "C" NOT NULL,
    achievement    uuid NOT NULL,
    version        integer NOT NULL,
    newest         boolean NOT NULL,
    retired        boolean NOT NULL,
    kind           text NOT NULL,
    ects           numeric,
    eqf_level      smallint,
    fields         text[] NOT NULL,
    languages      text[] NOT NULL,        -- of instruction
    participation  text[] NOT NULL,
    credit_bearing boolean NOT NULL,
    stackability   text NOT NULL,
    sort_title     text COLLATE "C" NOT NULL, -- without accents and capitals
    words          tsvector NOT NULL,      -- title (A), learning outcomes (B), description (C)
    PRIMARY KEY (member, achievement, version)
);
CREATE INDEX achievement_search_words ON achievement_search USING gin (words) WITH (fastupdate = off);
CREATE INDEX achievement_search_title ON achievement_search (sort_title, member, achievement) WHERE newest;

-- In which languages' rules the texts of a member were taken apart: a question is asked in these.
CREATE TABLE text_rules (
    member text COLLATE "C" NOT NULL,
    rules  text NOT NULL,                  -- a PostgreSQL text search configuration
    PRIMARY KEY (member, rules)
);
