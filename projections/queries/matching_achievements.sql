-- The newest versions that a search of the catalogue is about, each with how well it fits its words.
WITH found AS MATERIALIZED (
    SELECT s.member, s.achievement, s.version, s.kind, s.ects, s.eqf_level, s.fields, s.languages, s.participation,
        s.credit_bearing, s.stackability, s.retired, s.sort_title, m.country,
        CASE WHEN %(words)s::text IS NULL THEN 0 ELSE ts_rank(s.words, %(words)s::tsquery)::float8 END AS rank
    FROM achievement_search s JOIN members m USING (member)
    WHERE s.newest
        AND (%(retired)s OR NOT s.retired)
        AND s.words @@ %(words)s::tsquery --? words
        AND s.member = %(member)s --? member
        AND m.country = %(country)s --? country
        AND s.kind = %(kind)s --? kind
        AND s.eqf_level = %(level)s --? level
        AND EXISTS (SELECT FROM unnest(s.fields) AS f (code) WHERE starts_with(f.code, %(field)s)) --? field
        AND %(taught_in)s = ANY (s.languages) --? taught_in
        AND %(participation)s = ANY (s.participation) --? participation
        AND s.ects >= %(min_ects)s --? min_ects
        AND s.ects <= %(max_ects)s --? max_ects
        AND s.credit_bearing = %(credit_bearing)s --? credit_bearing
        AND s.stackability = %(stackability)s --? stackability
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
