-- These credentials, each with two facts of its use in larger ones that count, or may again: whether one of the issuer's
-- own, other than `without`, has it as a part; and the first of them all, the issuer's own before others'.
SELECT c.member, c.credential::text, c.achievement::text, c.version, v.title, v.fields, v.eqf_level, c.ects,
    c.awarding_date, c.valid_until, c.status, c.learner::text,
    EXISTS (
        SELECT FROM parts o JOIN credentials s USING (member, credential)
        WHERE o.part_member = c.member AND o.part_credential = c.credential AND o.member = %(issuer)s
            AND s.status IN ('active', 'suspended') AND s.credential IS DISTINCT FROM %(without)s::uuid),
    ARRAY(
        SELECT o.member || '/' || o.credential
        FROM (
            (SELECT member, credential FROM parts
            WHERE part_member = c.member AND part_credential = c.credential AND member = %(issuer)s
            ORDER BY member, credential LIMIT 100)
          UNION
            (SELECT member, credential FROM parts
            WHERE part_member = c.member AND part_credential = c.credential
            ORDER BY member, credential LIMIT 100)) AS o
        JOIN credentials s USING (member, credential)
        WHERE s.status IN ('active', 'suspended')
        ORDER BY (o.member <> %(issuer)s), 1 LIMIT 20)
FROM unnest(%(members)s::text[], %(ids)s::uuid[]) AS w (member, credential)
JOIN credentials c USING (member, credential)
JOIN achievement_versions v
    ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
ORDER BY c.member COLLATE "C", c.credential
