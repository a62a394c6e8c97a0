-- The newest versions that a search of the catalogue is about, each with how well it fits its words.
WITH found AS MATERIALIZED (
    SELECT s.member, s.achievement, s.version, s.kind, s.ects, s.eqf_level, s.fields, s.languages, s.participation,
        s.credit_bearing, s.stackability, s.retired, s.sort_title, m.country,
        CASE WHEN %(words)s::text IS NULL THEN 0 ELSE ts_rank(s.words, %(words)s::tsquery)::float8 END AS rank
    FROM achievement_search s JOIN members m USING (member)
    WHERE s.newest
        AND (%(retired)s OR NOT s.retired)
        AND (%(words)s::text IS NULL OR s.words @@ %(words)s::tsquery)
        AND (%(member)s::text IS NULL OR s.member = %(member)s)
        AND (%(country)s::text IS NULL OR m.country = %(country)s)
        AND (%(kind)s::text IS NULL OR s.kind = %(kind)s)
        AND (%(level)s::int IS NULL OR s.eqf_level = %(level)s)
        AND (%(field)s::text IS NULL
            OR EXISTS (SELECT FROM unnest(s.fields) AS f (code) WHERE starts_with(f.code, %(field)s)))
        AND (%(taught_in)s::text IS NULL OR %(taught_in)s = ANY (s.languages))
        AND (%(participation)s::text IS NULL OR %(participation)s = ANY (s.participation))
        AND (%(min_ects)s::numeric IS NULL OR s.ects >= %(min_ects)s)
        AND (%(max_ects)s::numeric IS NULL OR s.ects <= %(max_ects)s)
        AND (%(credit_bearing)s::boolean IS NULL OR s.credit_bearing = %(credit_bearing)s)
        AND (%(stackability)s::text IS NULL OR s.stackability = %(stackability)s)
        AND (%(recognised_by)s::text IS NULL OR EXISTS (
            SELECT FROM agreements a
            WHERE a.member = %(recognised_by)s AND a.with_member = s.member
                AND a.valid_from <= %(today)s AND (a.valid_until IS NULL OR a.valid_until >= %(today)s)
                AND (a.withdrawn_from IS NULL OR a.withdrawn_from > %(today)s)
                AND CASE WHEN a.eqf_levels IS NULL AND a.fields IS NULL
                    THEN EXISTS (
                        SELECT FROM agreement_targets t
                        WHERE t.member = a.member AND t.agreement = a.agreement AND t.achievement = s.achievement
                            AND (t.version = s.version OR (a.include_revisions AND t.version < s.version)))
                    ELSE (a.eqf_levels IS NULL OR s.eqf_level = ANY (a.eqf_levels))
                        AND (a.fields IS NULL OR EXISTS (
                            SELECT FROM unnest(a.fields) AS covered (code), unnest(s.fields) AS own (code)
                            WHERE starts_with(own.code, covered.code)))
                    END))
)
