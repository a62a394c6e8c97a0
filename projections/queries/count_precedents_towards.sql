-- What counts towards some programmes, row by row.
SELECT p.member, g.what, count(*) FILTER (WHERE p.state = 'inForce'), count(*) FILTER (WHERE p.state = 'superseded'),
    count(*) FILTER (WHERE p.state = 'withdrawn'), min(p.day), max(p.day)
FROM precedents p CROSS JOIN LATERAL unnest(p.outcome || p.grounds) AS g (what)
WHERE p.towards = ANY (%(towards)s) AND p.day BETWEEN %(begin)s::date AND %(end)s::date
    AND (%(everything)s OR EXISTS (
        SELECT FROM unnest(%(members)s::text[], %(achievements)s::uuid[], %(versions)s::int[])
            AS w (of_member, achievement, version)
        WHERE p.of_member = w.of_member COLLATE "C" AND p.achievement = w.achievement
            AND (w.version IS NULL OR p.version = w.version)))
    AND (%(of_member)s::text IS NULL OR p.of_member = %(of_member)s)
    AND (%(purpose)s::text IS NULL OR p.purpose = %(purpose)s)
    AND (%(effect)s::text IS NULL OR p.effect = %(effect)s)
    AND (%(offices)s::text[] IS NULL OR p.member = ANY (%(offices)s))
GROUP BY p.member, g.what
