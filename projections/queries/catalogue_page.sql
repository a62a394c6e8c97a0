, page AS (
    SELECT f.member, f.achievement, f.version, f.kind, v.title, f.ects, f.eqf_level, f.fields, f.languages,
        f.participation, f.credit_bearing, f.stackability, f.retired, f.country, f.sort_title, f.rank
    FROM found f JOIN achievement_versions v USING (member, achievement, version)
    WHERE %(after_rank)s::float8 IS NULL OR f.rank < %(after_rank)s
        OR (f.rank = %(after_rank)s
            AND (f.sort_title, f.member, f.achievement)
                > (%(after_title)s COLLATE "C", %(after_member)s COLLATE "C", %(after_achievement)s::uuid))
    ORDER BY f.rank DESC, f.sort_title, f.member, f.achievement
    LIMIT %(limit)s
),
facets AS (
    SELECT 'total' AS facet, '' AS value, count(*) AS number FROM found
    UNION ALL SELECT 'member', member, count(*) FROM found GROUP BY member
    UNION ALL SELECT 'country', country, count(*) FROM found GROUP BY country
    UNION ALL SELECT 'kind', kind, count(*) FROM found GROUP BY kind
    UNION ALL SELECT 'eqfLevel', eqf_level::text, count(*) FROM found WHERE eqf_level IS NOT NULL GROUP BY eqf_level
    UNION ALL SELECT 'ects', trim_scale(ects)::text, count(*) FROM found WHERE ects IS NOT NULL GROUP BY ects
    UNION ALL SELECT 'creditBearing', credit_bearing::text, count(*) FROM found GROUP BY credit_bearing
    UNION ALL SELECT 'stackability', stackability, count(*) FROM found GROUP BY stackability
    UNION ALL SELECT 'field', code, count(*) FROM found CROSS JOIN LATERAL unnest(fields) AS f (code) GROUP BY code
    UNION ALL SELECT 'taughtIn', code, count(*) FROM found CROSS JOIN LATERAL unnest(languages) AS f (code) GROUP BY code
    UNION ALL SELECT 'participation', code, count(*)
        FROM found CROSS JOIN LATERAL unnest(participation) AS f (code) GROUP BY code
)
SELECT (SELECT coalesce(json_agg(json_build_array(member, achievement, version, kind, title, ects, eqf_level, fields,
            languages, participation, credit_bearing, stackability, retired, country, sort_title, rank)
        ORDER BY rank DESC, sort_title, member, achievement), '[]') FROM page)::text,
    (SELECT json_agg(json_build_array(facet, value, number)) FROM facets)::text
