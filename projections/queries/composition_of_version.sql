-- One version of an achievement (the newest where none is asked for), with its composition.
SELECT v.version, v.title, v.ects, a.retired, (v.content -> 'composition')::text
FROM achievements a
JOIN achievement_versions v ON v.member = a.member AND v.achievement = a.achievement
    AND v.version = coalesce(%(version)s::int, a.versions)
WHERE a.member = %(member)s AND a.achievement = %(achievement)s
