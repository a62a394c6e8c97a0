-- What a member awarded, the newest first.
SELECT c.credential::text, c.achievement::text, c.version, v.title, c.awarding_date, c.ects, c.valid_until, c.status,
    c.replaced_by::text, c.leaf, c.has_parts
FROM (
    SELECT * FROM credentials
    WHERE member = %(member)s AND awarding_date BETWEEN %(begin)s AND %(end)s
        AND achievement = %(achievement)s --? achievement
        AND status = %(status)s --? status
        AND (awarding_date, achievement, credential) --? after_day
            < (%(after_day)s::date, %(after_achievement)s::uuid, %(after_credential)s::uuid) --? after_day
    ORDER BY awarding_date DESC, achievement DESC, credential DESC
    LIMIT %(limit)s
) AS c
JOIN achievement_versions v USING (member, achievement, version)
ORDER BY c.awarding_date DESC, c.achievement DESC, c.credential DESC
