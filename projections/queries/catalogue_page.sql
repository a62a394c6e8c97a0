SELECT f.member, f.achievement::text, f.version, f.kind, v.title, f.ects, f.eqf_level, f.fields, f.languages,
    f.participation, f.credit_bearing, f.stackability, f.retired, f.country, f.sort_title, f.rank
FROM found f JOIN achievement_versions v USING (member, achievement, version)
WHERE %(after_rank)s::float8 IS NULL OR f.rank < %(after_rank)s
    OR (f.rank = %(after_rank)s
        AND (f.sort_title, f.member, f.achievement)
            > (%(after_title)s COLLATE "C", %(after_member)s COLLATE "C", %(after_achievement)s::uuid))
ORDER BY f.rank DESC, f.sort_title, f.member, f.achievement
LIMIT %(limit)s
