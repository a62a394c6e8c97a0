-- Grants in force of all time by outcome or ground, by broad field and level of the achievement's newest version.
SELECT left(v.fields[1], 2), coalesce(v.eqf_level::text, ''), c.what, sum(c.in_force)::bigint
FROM achievements a
JOIN achievement_versions v ON v.member = a.member AND v.achievement = a.achievement AND v.version = a.versions
JOIN precedent_counts c ON c.of_member = a.member AND c.achievement = a.achievement AND c.month = '-infinity'
    AND c.purpose = '' AND c.effect = ''
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
