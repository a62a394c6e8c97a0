-- A deciding member's counts, made from its precedents alone: the same rows as `precedent_rows` adds one by one.
INSERT INTO precedent_counts
    (member, of_member, achievement, version, month, purpose, effect, what, in_force, superseded, withdrawn)
SELECT p.member, k.of_member, k.achievement, k.version, t.month, t.purpose, t.effect, w.what,
    count(*) FILTER (WHERE p.state = 'inForce'),
    count(*) FILTER (WHERE p.state = 'superseded'),
    count(*) FILTER (WHERE p.state = 'withdrawn')
FROM precedents p
CROSS JOIN LATERAL unnest(p.outcome || p.grounds) AS w (what)
CROSS JOIN LATERAL (VALUES
    (p.of_member, p.achievement, p.version),
    (p.of_member, %(all)s::uuid, 0),
    (%(nobody)s, %(all)s::uuid, 0)
) AS k (of_member, achievement, version)
CROSS JOIN LATERAL (VALUES
    (date_trunc('month', p.day)::date, p.purpose, p.effect),
    ('-infinity'::date, p.purpose, p.effect),
    ('-infinity'::date, '', '')
) AS t (month, purpose, effect)
WHERE p.member = %(member)s
GROUP BY p.member, k.of_member, k.achievement, k.version, t.month, t.purpose, t.effect, w.what
