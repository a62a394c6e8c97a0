-- A learner's credentials, those first that most likely count in a larger one: the issuer's own, then those of an
-- achievement that its composition names, then active ones.
SELECT c.member, c.credential::text
FROM credentials c
WHERE c.learner = %(learner)s
ORDER BY c.member <> %(issuer)s,
    (c.member, c.achievement) NOT IN (SELECT * FROM unnest(%(members)s::text[], %(achievements)s::uuid[])),
    c.status <> 'active', c.member COLLATE "C", c.credential
LIMIT %(limit)s
