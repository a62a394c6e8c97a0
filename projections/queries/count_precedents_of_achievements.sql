-- Some days of some achievements, row by row: what whole months leave over.
SELECT p.member, g.what, count(*) FILTER (WHERE p.state = 'inForce'), count(*) FILTER (WHERE p.state = 'superseded'),
    count(*) FILTER (WHERE p.state = 'withdrawn'), min(p.day), max(p.day)
FROM unnest(%(members)s::text[], %(achievements)s::uuid[], %(versions)s::int[]) AS w (of_member, achievement, version)
JOIN precedents p ON p.of_member = w.of_member COLLATE "C" AND p.achievement = w.achievement
    AND (w.version IS NULL OR p.version = w.version)
CROSS JOIN LATERAL unnest(p.outcome || p.grounds) AS g (what)
WHERE p.day BETWEEN %(begin)s::date AND %(end)s::date
    AND p.purpose = %(purpose)s --? purpose
    AND p.effect = %(effect)s --? effect
    AND p.member = ANY (%(offices)s) --? offices
GROUP BY p.member, g.what
