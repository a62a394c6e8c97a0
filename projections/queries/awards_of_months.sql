SELECT c.achievement::text,
    (SELECT v.title FROM achievement_versions v
     WHERE v.member = %(member)s AND v.achievement = c.achievement ORDER BY v.version DESC LIMIT 1),
    (c.active + c.suspended + c.revoked + c.replaced)::bigint AS issued,
    c.active::bigint, c.suspended::bigint, c.revoked::bigint, c.replaced::bigint, trim_scale(c.ects)
FROM (
    SELECT achievement, sum(active) AS active, sum(suspended) AS suspended, sum(revoked) AS revoked,
        sum(replaced) AS replaced, sum(ects) AS ects
    FROM award_counts WHERE member = %(member)s AND month BETWEEN %(begin)s AND %(end)s
    GROUP BY achievement
) AS c
ORDER BY issued DESC, c.achievement
