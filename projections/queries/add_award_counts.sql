INSERT INTO award_counts AS c (member, month, achievement, active, suspended, revoked, replaced, ects)
SELECT %(member)s, n.month, n.achievement, n.active, n.suspended, n.revoked, n.replaced, trim_scale(n.ects)
FROM unnest(
    %(months)s::date[], %(achievements)s::uuid[], %(active)s::bigint[], %(suspended)s::bigint[], %(revoked)s::bigint[],
    %(replaced)s::bigint[], %(ects)s::numeric[]
) AS n (month, achievement, active, suspended, revoked, replaced, ects)
ON CONFLICT (member, month, achievement) DO UPDATE SET
    active = c.active + excluded.active,
    suspended = c.suspended + excluded.suspended,
    revoked = c.revoked + excluded.revoked,
    replaced = c.replaced + excluded.replaced,
    ects = CASE WHEN excluded.ects IS NULL THEN c.ects ELSE trim_scale(coalesce(c.ects, 0) + excluded.ects) END
