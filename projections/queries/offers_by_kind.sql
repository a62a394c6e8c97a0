-- Achievements that an elective takes: the member's own first, then others' by title.
WITH own AS (
    SELECT s.* FROM achievement_search s
    WHERE s.newest AND NOT s.retired AND s.member = %(by)s AND s.achievement <> ALL (%(held)s::uuid[])
        AND (%(levels)s::int[] IS NULL OR s.eqf_level = ANY (%(levels)s)) AND s.eqf_level >= %(least)s
        AND (%(fields)s::text[] IS NULL OR EXISTS (
            SELECT FROM unnest(%(fields)s::text[]) AS asked (code), unnest(s.fields) AS own (code)
            WHERE starts_with(own.code, asked.code)))
        AND (s.ects > 0 OR NOT %(own)s)
    ORDER BY s.sort_title, s.member, s.achievement
    LIMIT %(limit)s
),
others AS (
    SELECT s.* FROM achievement_search s
    WHERE s.newest AND NOT s.retired AND s.member <> %(by)s AND NOT %(own)s
        AND s.achievement <> ALL (%(held)s::uuid[])
        AND (%(levels)s::int[] IS NULL OR s.eqf_level = ANY (%(levels)s)) AND s.eqf_level >= %(least)s
        AND (%(fields)s::text[] IS NULL OR EXISTS (
            SELECT FROM unnest(%(fields)s::text[]) AS asked (code), unnest(s.fields) AS own (code)
            WHERE starts_with(own.code, asked.code)))
    ORDER BY s.sort_title, s.member, s.achievement
    LIMIT %(limit)s
),
found AS (
    SELECT row_number() OVER (ORDER BY n.member <> %(by)s, n.sort_title, n.member, n.achievement) AS place,
        n.member, n.achievement, n.version, v.title, v.ects, v.eqf_level, v.fields
    FROM (SELECT * FROM own UNION ALL SELECT * FROM others) AS n
    JOIN achievement_versions v
        ON v.member = n.member AND v.achievement = n.achievement AND v.version = n.version
    ORDER BY 1
    LIMIT %(limit)s
)
