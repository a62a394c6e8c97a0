-- A member's decisions in force that name these credentials openly, the newest first; none about a learner whom that
-- member has erased.
SELECT b.of_member, b.credential::text, d.decision::text, d.content::text
FROM unnest(%(members)s::text[], %(ids)s::uuid[]) AS w (of_member, credential)
JOIN decision_bases b ON b.of_member = w.of_member AND b.credential = w.credential AND b.member = %(by)s
JOIN decisions d ON d.member = b.member AND d.decision = b.decision AND d.state = 'inForce'
WHERE NOT EXISTS (SELECT FROM erasures e WHERE e.member = %(by)s AND e.learner = %(learner)s::uuid)
ORDER BY d.decision_date DESC, d.leaf DESC
