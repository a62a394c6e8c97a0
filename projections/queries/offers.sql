SELECT v.place, v.member, v.achievement::text, v.version, v.title, v.ects, v.eqf_level, g.agreement::text,
    e.assessment::text,
    (SELECT coalesce(sum(c.in_force), 0) FROM precedent_counts c
     WHERE c.of_member = v.member AND c.achievement = v.achievement AND c.version BETWEEN 1 AND v.version
        AND c.month = '-infinity' AND c.purpose = '' AND c.effect = ''
        AND c.member = %(by)s AND c.what IN ('full', 'partial'))
FROM found v
JOIN members m ON m.member = v.member AND m.standing = 'active'
LEFT JOIN LATERAL (
    SELECT a.agreement FROM agreements a
    WHERE a.member = %(by)s AND a.with_member = v.member
        --< agreement_applies
        --< agreement_includes_version
    ORDER BY a.agreement LIMIT 1
) AS g ON true
LEFT JOIN LATERAL (
    SELECT a.assessment FROM assessments a
    WHERE a.of_member = v.member AND a.achievement = v.achievement AND a.member = %(by)s AND a.state = 'inForce'
        AND a.outcome IN ('full', 'partial', 'alternative')
        AND (a.content ->> 'validUntil' IS NULL OR (a.content ->> 'validUntil')::date >= %(day)s)
    ORDER BY a.leaf DESC LIMIT 1
) AS e ON true
ORDER BY v.place, v.member COLLATE "C", v.achievement
