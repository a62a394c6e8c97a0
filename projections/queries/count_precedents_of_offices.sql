-- Some days of all achievements, or of one member's.
SELECT p.member, g.what, count(*) FILTER (WHERE p.state = 'inForce'), count(*) FILTER (WHERE p.state = 'superseded'),
    count(*) FILTER (WHERE p.state = 'withdrawn'), min(p.day), max(p.day)
FROM (SELECT member FROM members UNION SELECT unnest(%(offices)s::text[])) AS o (office)
JOIN precedents p ON p.member = o.office COLLATE "C"
CROSS JOIN LATERAL unnest(p.outcome || p.grounds) AS g (what)
WHERE p.day BETWEEN %(begin)s::date AND %(end)s::date
    AND p.of_member = %(of_member)s --? of_member
    AND p.purpose = %(purpose)s --? purpose
    AND p.effect = %(effect)s --? effect
    AND o.office = ANY (%(offices)s) --? offices
GROUP BY p.member, g.what
