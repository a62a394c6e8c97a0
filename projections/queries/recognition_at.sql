-- What one member says of the newest versions of these achievements: by an agreement that holds on a day, else by its
-- newest assessment. An achievement of which it says nothing has no row.
SELECT s.member, s.achievement::text, coalesce(g.outcome, e.outcome),
    CASE WHEN g.outcome IS NULL THEN 'assessment' ELSE 'agreement' END,
    CASE WHEN g.outcome IS NULL THEN e.valid_until ELSE g.valid_until END
FROM unnest(%(members)s::text[], %(achievements)s::uuid[]) AS w (member, achievement)
JOIN achievement_search s ON s.member = w.member AND s.achievement = w.achievement AND s.newest
LEFT JOIN LATERAL (
    SELECT a.content ->> 'outcome' AS outcome, a.valid_until FROM agreements a
    WHERE a.member = %(at)s AND a.with_member = s.member
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
            END
    ORDER BY a.agreement LIMIT 1
) AS g ON true
LEFT JOIN LATERAL (
    SELECT a.outcome, (a.content ->> 'validUntil')::date AS valid_until FROM assessments a
    WHERE a.of_member = s.member AND a.achievement = s.achievement AND a.version <= s.version AND a.member = %(at)s
        AND a.state = 'inForce'
        AND (a.content ->> 'validUntil' IS NULL OR (a.content ->> 'validUntil')::date >= %(today)s)
    ORDER BY a.leaf DESC LIMIT 1
) AS e ON true
WHERE g.outcome IS NOT NULL OR e.outcome IS NOT NULL
