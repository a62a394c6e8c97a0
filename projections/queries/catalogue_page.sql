, page AS (
    SELECT * FROM found f
    WHERE %(after_rank)s::float8 IS NULL OR f.rank < %(after_rank)s
        OR (f.rank = %(after_rank)s
            AND (f.sort_title, f.member, f.achievement)
                > (%(after_title)s COLLATE "C", %(after_member)s COLLATE "C", %(after_achievement)s::uuid))
    ORDER BY f.rank DESC, f.sort_title, f.member, f.achievement
    LIMIT %(limit)s
),
facets AS (
    SELECT 'total' AS facet, '' AS value, count(*) AS number FROM found
    UNION ALL
    SELECT x.facet, x.value, count(*)
    FROM found f CROSS JOIN LATERAL (
        VALUES ('member', f.member), ('country', f.country), ('kind', f.kind), ('eqfLevel', f.eqf_level::text),
            ('ects', trim_scale(f.ects)::text), ('creditBearing', f.credit_bearing::text),
            ('stackability', f.stackability)
        UNION ALL SELECT 'field', unnest(f.fields)
        UNION ALL SELECT 'taughtIn', unnest(f.languages)
        UNION ALL SELECT 'participation', unnest(f.participation)
    ) AS x (facet, value)
    WHERE x.value IS NOT NULL
    GROUP BY x.facet, x.value
)
-- Titles are looked up for the page alone.
SELECT (SELECT coalesce(json_agg(json_build_array(p.member, p.achievement, p.version, p.kind, v.title, p.ects, p.eqf_level,
            p.fields, p.languages, p.participation, p.credit_bearing, p.stackability, p.retired, p.country, p.sort_title,
            p.rank)
        ORDER BY p.rank DESC, p.sort_title, p.member, p.achievement), '[]')
        FROM page p CROSS JOIN LATERAL (
            SELECT o.title FROM achievement_versions o
            WHERE o.member = p.member COLLATE "default" AND o.achievement = p.achievement AND o.version = p.version
            OFFSET 0) AS v)::text,
    (SELECT json_agg(json_build_array(facet, value, number)) FROM facets)::text
