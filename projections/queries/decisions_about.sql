-- The decisions that name a credential openly, a page of them; none of a decider that dropped the learner.
SELECT d.member, d.decision::text
FROM (
    SELECT DISTINCT b.member, b.decision
    FROM credentials c
    JOIN decision_bases b ON b.of_member = c.member AND b.credential = c.credential
    WHERE c.member = %(member)s AND c.credential = %(credential)s
        AND NOT EXISTS (SELECT FROM erasures e WHERE e.member = b.member AND e.learner = c.learner)
        AND (b.member COLLATE "C", b.decision) > (%(after)s, %(after_id)s::uuid) --? after
) AS d
ORDER BY d.member COLLATE "C", d.decision LIMIT %(limit)s
