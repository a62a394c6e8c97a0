-- The titles under which a member's decisions and assessments name programmes.
SELECT p.towards, t.title::text
FROM precedents p
LEFT JOIN decisions d ON p.kind = 'decision' AND d.member = p.member AND d.decision = p.thing
LEFT JOIN assessments a ON p.kind = 'assessment' AND a.member = p.member AND a.assessment = p.thing
CROSS JOIN LATERAL (
    SELECT CASE p.kind WHEN 'decision' THEN (d.content -> 'grants' -> p.grant_no) ELSE a.content END
        -> 'towards' -> 'title'
) AS t (title)
WHERE p.member = %(member)s AND p.towards = ANY(%(towards)s)
GROUP BY 1, 2
