-- Achievements about which an office has decided or stated something that is in force, or that an agreement covers, by
-- title.
SELECT v.member, v.achievement::text, v.version, o.title, v.ects, v.eqf_level, v.sort_title
FROM achievement_search v
JOIN achievement_versions o ON o.member = v.member COLLATE "default" AND o.achievement = v.achievement
    AND o.version = v.version
WHERE v.newest
    AND v.words @@ %(words)s::tsquery --? words
    AND v.member = %(member)s --? member
    AND (EXISTS (
            SELECT FROM precedents p
            WHERE p.of_member = v.member AND p.achievement = v.achievement AND p.state = 'inForce'
                AND p.member = %(office)s --? office
        ) OR EXISTS (
            SELECT FROM agreements a
            WHERE a.with_member = v.member
                AND a.member = %(office)s --? office
                --< agreement_applies
                --< agreement_includes_version
        ))
    AND (v.sort_title, v.member, v.achievement) > (%(after_title)s COLLATE "C", %(after_member)s COLLATE "C", %(after_achievement)s::uuid) --? after_title
ORDER BY v.sort_title, v.member, v.achievement
LIMIT %(limit)s
