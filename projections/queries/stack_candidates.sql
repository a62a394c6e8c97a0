-- Learners who may have what a larger achievement asks for, and do not have it: an active credential of each required
-- achievement, or of any that the composition names where none is required.
SELECT c.learner::text
FROM credentials c
WHERE c.learner > %(after)s::uuid AND c.status = 'active'
    AND (c.member, c.achievement) IN (SELECT * FROM unnest(%(members)s::text[], %(achievements)s::uuid[]))
    AND EXISTS (SELECT FROM credentials o WHERE o.learner = c.learner AND o.member = %(issuer)s)
    AND NOT EXISTS (
        SELECT FROM credentials w
        WHERE w.learner = c.learner AND w.member = %(issuer)s AND w.achievement = %(whole)s::uuid AND w.status = 'active')
GROUP BY c.learner
HAVING count(DISTINCT (c.member, c.achievement)) >= %(least)s
ORDER BY c.learner
LIMIT %(limit)s
