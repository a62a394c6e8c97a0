-- What was awarded in each year by the broad field (the first of the newest version) and the level of the achievement,
-- and by member where the achievement is made of others.
SELECT to_char(c.month, 'YYYY'), left(v.fields[1], 2), coalesce(v.eqf_level::text, ''), c.member,
    v.content -> 'composition' IS NOT NULL,
    sum(c.active + c.suspended + c.revoked + c.replaced)::bigint, sum(c.revoked)::bigint
FROM award_counts c
JOIN achievements a ON a.member = c.member AND a.achievement = c.achievement
JOIN achievement_versions v ON v.member = c.member AND v.achievement = c.achievement AND v.version = a.versions
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
