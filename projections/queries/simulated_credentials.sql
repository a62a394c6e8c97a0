-- How many active credentials awarded within a period an agreement would cover, by version.
WITH matching AS (
    SELECT v.achievement, v.version, v.title, v.ects
    FROM achievement_versions v
    WHERE v.member = %(with)s
      AND CASE WHEN %(achievements)s::uuid[] IS NOT NULL
          THEN EXISTS (
              SELECT FROM unnest(%(achievements)s::uuid[], %(versions)s::int[]) AS t (achievement, version)
              WHERE t.achievement = v.achievement
                AND (t.version = v.version OR (%(include_revisions)s AND t.version < v.version)))
          ELSE (%(levels)s::int[] IS NULL OR v.eqf_level = ANY (%(levels)s::int[]))
           AND (%(fields)s::text[] IS NULL OR EXISTS (
              SELECT FROM unnest(%(fields)s::text[]) AS covered (code), unnest(v.fields) AS own (code)
              WHERE starts_with(own.code, covered.code)))
          END
)
SELECT m.achievement::text, m.version, m.title, m.ects,
    (SELECT count(*) FROM credentials c
     WHERE c.member = %(with)s AND c.achievement = m.achievement AND c.version = m.version
       AND c.awarding_date BETWEEN %(begin)s AND %(end)s AND c.status = 'active') AS covered
FROM matching m
ORDER BY covered DESC, m.achievement, m.version
