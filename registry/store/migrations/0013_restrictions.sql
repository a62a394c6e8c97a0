-- Learners whose data is restricted (Art. 18 GDPR), or who objected to a use of it (Art. 21). One that was lifted stays
-- as a record, until the learner is erased.
CREATE TABLE privacy.restrictions (
    restriction uuid PRIMARY KEY,
    learner     uuid NOT NULL,
    kind        text NOT NULL,             -- restriction, objection
    reason      text NOT NULL,             -- a code of a closed list
    begun       timestamptz NOT NULL,
    begun_by    text NOT NULL,
    lifting     text,                      -- the reason for which somebody proposes to lift it
    proposed    timestamptz,
    proposed_by text,
    lifted      timestamptz,
    lifted_by   text
);
CREATE INDEX restrictions_learner ON privacy.restrictions (learner);
CREATE UNIQUE INDEX restrictions_once ON privacy.restrictions (learner, kind) WHERE lifted IS NULL;
