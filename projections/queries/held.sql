-- A learner's credentials, or these, with what they are used in: larger ones that count, or may again.
SELECT c.member, c.credential::text, c.achievement::text, c.version, v.title, v.fields, v.eqf_level, c.ects,
    c.awarding_date, c.valid_until, c.status, c.learner::text,
    ARRAY(
        SELECT o.member || '/' || o.credential FROM parts o JOIN credentials s USING (member, credential)
        WHERE o.part_member = c.member AND o.part_credential = c.credential AND s.status IN ('active', 'suspended')
        ORDER BY 1)
FROM credentials c
JOIN achievement_versions v
    ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
WHERE c.learner = %(learner)s
ORDER BY c.member COLLATE "C", c.credential
