-- The larger achievements, in their newest versions, whose composition names an achievement. The text is searched before
-- it is read as JSON: few contents have the id in them.
SELECT v.member, v.achievement::text, v.version, v.kind, v.title, v.ects, v.eqf_level, a.retired,
    (v.content -> 'composition')::text
FROM achievement_versions v
JOIN achievements a ON a.member = v.member AND a.achievement = v.achievement AND a.versions = v.version
WHERE position(%(achievement)s IN v.content::text) > 0 AND v.content -> 'composition' IS NOT NULL
    AND (v.member, v.achievement) <> (%(member)s, %(achievement)s::uuid)
ORDER BY a.retired, v.member COLLATE "C", v.title ->> 'en', v.achievement
LIMIT %(limit)s
