-- How many decisions in force about each of these achievements have an outcome, or name a ground, by office: the stored
-- counts of precedents, without the assessments among them.
WITH wanted AS (SELECT * FROM unnest(%(members)s::text[], %(achievements)s::uuid[]) AS w (of_member, achievement)),
counted AS (
    SELECT c.of_member, c.achievement, c.member AS office, c.what, sum(c.in_force) AS number
    FROM wanted w
    JOIN precedent_counts c ON c.of_member = w.of_member COLLATE "C" AND c.achievement = w.achievement
        AND c.month = '-infinity' AND c.purpose = '' AND c.effect = ''
    GROUP BY c.of_member, c.achievement, c.member, c.what
),
stated AS (
    SELECT a.of_member, a.achievement, a.member AS office, s.what, count(*) AS number
    FROM wanted w
    JOIN assessments a ON a.of_member = w.of_member AND a.achievement = w.achievement AND a.state = 'inForce'
    CROSS JOIN LATERAL (
        SELECT a.outcome
        UNION
        SELECT (g ->> 'aspect') || ':' || (g ->> 'difference') FROM json_array_elements(a.content -> 'grounds') AS g
    ) AS s (what)
    GROUP BY a.of_member, a.achievement, a.member, s.what
)
SELECT c.of_member, c.achievement::text, c.office, c.what, (c.number - coalesce(s.number, 0))::bigint
FROM counted c
LEFT JOIN stated s ON s.of_member = c.of_member COLLATE "default" AND s.achievement = c.achievement
    AND s.office = c.office COLLATE "default" AND s.what = c.what COLLATE "default"
WHERE c.number > coalesce(s.number, 0)
