-- What one member says of the newest versions of these achievements: by an agreement that holds on a day, else by its
-- newest assessment. An achievement of which it says nothing has no row.
SELECT v.member, v.achievement::text, coalesce(g.outcome, e.outcome),
    CASE WHEN g.outcome IS NULL THEN 'assessment' ELSE 'agreement' END,
    CASE WHEN g.outcome IS NULL THEN e.valid_until ELSE g.valid_until END
FROM unnest(%(members)s::text[], %(achievements)s::uuid[]) AS w (member, achievement)
JOIN achievement_search v ON v.member = w.member AND v.achievement = w.achievement AND v.newest
LEFT JOIN LATERAL (
    SELECT a.content ->> 'outcome' AS outcome, a.valid_until FROM agreements a
    WHERE a.member = %(at)s AND a.with_member = v.member
        --< agreement_applies
        --< agreement_includes_version
    ORDER BY a.agreement LIMIT 1
) AS g ON true
LEFT JOIN LATERAL (
    SELECT a.outcome, (a.content ->> 'validUntil')::date AS valid_until FROM assessments a
    WHERE a.of_member = v.member AND a.achievement = v.achievement AND a.version <= v.version AND a.member = %(at)s
        AND a.state = 'inForce'
        AND (a.content ->> 'validUntil' IS NULL OR (a.content ->> 'validUntil')::date >= %(day)s)
    ORDER BY a.leaf DESC LIMIT 1
) AS e ON true
WHERE g.outcome IS NOT NULL OR e.outcome IS NOT NULL
