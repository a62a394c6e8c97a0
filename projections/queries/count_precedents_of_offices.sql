-- Some days of all achievements, or of one member's.
SELECT p.member, g.what, count(*) FILTER (WHERE p.state = 'inForce'), count(*) FILTER (WHERE p.state = 'superseded'),
    count(*) FILTER (WHERE p.state = 'withdrawn'), min(p.day), max(p.day)
FROM (SELECT member FROM members UNION SELECT unnest(%(offices)s::text[])) AS o (office)
JOIN precedents p ON p.member = o.office COLLATE "C"
CROSS JOIN LATERAL unnest(p.outcome || p.grounds) AS g (what)
WHERE p.day BETWEEN %(begin)s::date AND %(end)s::date
    AND (%(of_member)s::text IS NULL OR p.of_member = %(of_member)s)
    AND (%(purpose)s::text IS NULL OR p.purpose = %(purpose)s)
    AND (%(effect)s::text IS NULL OR p.effect = %(effect)s)
    AND (%(offices)s::text[] IS NULL OR o.office = ANY (%(offices)s))
GROUP BY p.member, g.what
