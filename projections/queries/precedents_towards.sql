WITH found AS (
-- The newest of each programme, and of these the newest.
SELECT p.*
FROM unnest(%(towards)s::text[]) AS t (towards)
CROSS JOIN LATERAL (
    SELECT * FROM precedents p
    WHERE p.towards = t.towards COLLATE "C"
        AND (%(everything)s OR EXISTS (
            SELECT FROM unnest(%(members)s::text[], %(achievements)s::uuid[], %(versions)s::int[])
                AS w (of_member, achievement, version)
            WHERE p.of_member = w.of_member COLLATE "C" AND p.achievement = w.achievement
                AND (w.version IS NULL OR p.version = w.version)))
        AND p.of_member = %(of_member)s --? of_member
        --< precedent_conditions
        AND p.member = ANY (%(offices)s) --? offices
    ORDER BY p.day DESC, p.member DESC, p.leaf DESC, p.basis DESC, p.grant_no DESC
    LIMIT %(limit)s
) AS p
ORDER BY p.day DESC, p.member DESC, p.leaf DESC, p.basis DESC, p.grant_no DESC
LIMIT %(limit)s
)
