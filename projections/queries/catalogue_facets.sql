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
