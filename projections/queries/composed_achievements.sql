-- The larger achievements that a member offers: newest versions with a composition.
SELECT v.achievement::text, v.version, v.title, v.ects, json_array_length(v.content -> 'composition' -> 'required'),
    (v.content -> 'composition' ->> 'minEcts')::numeric
FROM achievement_versions v
JOIN achievements a ON a.member = v.member AND a.achievement = v.achievement AND a.versions = v.version
WHERE v.member = %(member)s AND NOT a.retired AND v.content -> 'composition' IS NOT NULL
ORDER BY v.title ->> 'en', v.achievement
LIMIT %(limit)s
