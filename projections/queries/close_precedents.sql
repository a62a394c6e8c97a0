-- Decisions or assessments of earlier batches that were superseded or withdrawn: their precedents say so.
WITH changed AS (
    SELECT * FROM unnest(%(things)s::uuid[], %(states)s::text[]) AS c (thing, state)
),
leaves AS (
    SELECT d.leaf, c.state FROM changed c
    JOIN decisions d ON %(kind)s = 'decision' AND d.member = %(member)s AND d.decision = c.thing
    UNION ALL
    SELECT a.leaf, c.state FROM changed c
    JOIN assessments a ON %(kind)s = 'assessment' AND a.member = %(member)s AND a.assessment = c.thing
)
UPDATE precedents AS p SET state = l.state FROM leaves l
WHERE p.member = %(member)s AND p.leaf = l.leaf
RETURNING p.of_member, p.achievement::text, p.version, p.day::text, p.purpose, p.effect, p.outcome || p.grounds, p.state
