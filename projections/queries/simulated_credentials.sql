-- How many active credentials awarded within a period an agreement would cover, by version.
-- The draft takes the place of the stored agreements, so that one condition serves both.
WITH agreements AS (
    SELECT '' AS member, 0 AS agreement, %(with)s::text AS with_member, %(levels)s::int[] AS eqf_levels,
        %(fields)s::text[] AS fields, %(include_revisions)s::boolean AS include_revisions
),
agreement_targets AS (
    SELECT '' AS member, 0 AS agreement, t.achievement, t.version
    FROM unnest(%(achievements)s::uuid[], %(versions)s::int[]) AS t (achievement, version)
),
matching AS (
    SELECT v.achievement, v.version, v.title, v.ects
    FROM achievement_versions v JOIN agreements a ON a.with_member = v.member
    --< agreement_includes_version
)
SELECT m.achievement::text, m.version, m.title, m.ects,
    (SELECT count(*) FROM credentials c
     WHERE c.member = %(with)s AND c.achievement = m.achievement AND c.version = m.version
       AND c.awarding_date BETWEEN %(begin)s AND %(end)s AND c.status = 'active') AS covered
FROM matching m
ORDER BY covered DESC, m.achievement, m.version
