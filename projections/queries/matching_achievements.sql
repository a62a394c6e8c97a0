-- The newest versions that a search of the catalogue is about, each with its rank: how well it fits
-- the words, or its credits.
WITH found AS MATERIALIZED (
    SELECT v.member, v.achievement, v.version, v.kind, v.ects, v.eqf_level, v.fields, v.languages, v.participation,
        v.credit_bearing, v.stackability, v.retired, v.sort_title, m.country,
        CASE WHEN %(sort)s::text = 'credits' THEN coalesce(v.ects, -1)::float8
            WHEN %(sort)s::text = 'title' OR %(words)s::text IS NULL THEN 0
            ELSE ts_rank(v.words, %(words)s::tsquery)::float8 END AS rank
    FROM achievement_search v JOIN members m USING (member)
    WHERE v.newest
        AND (%(retired)s OR NOT v.retired)
        AND v.words @@ %(words)s::tsquery --? words
        AND v.member = %(member)s --? member
        AND m.country = %(country)s --? country
        AND v.kind = %(kind)s --? kind
        AND v.eqf_level = %(level)s --? level
        AND EXISTS (SELECT FROM unnest(v.fields) AS f (code) WHERE starts_with(f.code, %(field)s)) --? field
        AND %(taught_in)s = ANY (v.languages) --? taught_in
        AND %(participation)s = ANY (v.participation) --? participation
        AND v.ects >= %(min_ects)s --? min_ects
        AND v.ects <= %(max_ects)s --? max_ects
        AND v.credit_bearing = %(credit_bearing)s --? credit_bearing
        AND v.stackability = %(stackability)s --? stackability
        AND (%(recognised_by)s::text IS NULL OR EXISTS (
            SELECT FROM agreements a
            WHERE a.member = %(recognised_by)s AND a.with_member = v.member
                --< agreement_applies
                --< agreement_includes_version
        ))
)
