SELECT f.place, f.member, f.achievement::text, f.version, f.title, f.ects, f.eqf_level, g.agreement::text,
    e.assessment::text,
    (SELECT coalesce(sum(c.in_force), 0) FROM precedent_counts c
     WHERE c.of_member = f.member AND c.achievement = f.achievement AND c.version BETWEEN 1 AND f.version
        AND c.month = '-infinity' AND c.purpose = '' AND c.effect = ''
        AND c.member = %(by)s AND c.what IN ('full', 'partial'))
FROM found f
JOIN members m ON m.member = f.member AND m.standing = 'active'
LEFT JOIN LATERAL (
    SELECT a.agreement FROM agreements a
    WHERE a.member = %(by)s AND a.with_member = f.member
        AND a.valid_from <= %(on)s AND (a.valid_until IS NULL OR a.valid_until >= %(on)s)
        AND (a.withdrawn_from IS NULL OR a.withdrawn_from > %(on)s)
        AND CASE WHEN a.eqf_levels IS NULL AND a.fields IS NULL
            THEN EXISTS (
                SELECT FROM agreement_targets t
                WHERE t.member = a.member AND t.agreement = a.agreement AND t.achievement = f.achievement
                    AND (t.version = f.version OR (a.include_revisions AND t.version < f.version)))
            ELSE (a.eqf_levels IS NULL OR f.eqf_level = ANY (a.eqf_levels))
                AND (a.fields IS NULL OR EXISTS (
                    SELECT FROM unnest(a.fields) AS covered (code), unnest(f.fields) AS own (code)
                    WHERE starts_with(own.code, covered.code)))
            END
    ORDER BY a.agreement LIMIT 1
) AS g ON true
LEFT JOIN LATERAL (
    SELECT a.assessment FROM assessments a
    WHERE a.of_member = f.member AND a.achievement = f.achievement AND a.member = %(by)s AND a.state = 'inForce'
        AND a.outcome IN ('full', 'partial', 'alternative')
        AND (a.content ->> 'validUntil' IS NULL OR (a.content ->> 'validUntil')::date >= %(on)s)
    ORDER BY a.leaf DESC LIMIT 1
) AS e ON true
ORDER BY f.place, f.member COLLATE "C", f.achievement
