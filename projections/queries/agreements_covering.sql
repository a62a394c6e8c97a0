-- The agreements that cover what is awarded on a day of an achievement's newest version, a page of them.
SELECT a.member, a.agreement::text,
    EXISTS (SELECT FROM agreements b
        WHERE b.member = a.with_member AND b.with_member = a.member AND b.withdrawn_from IS NULL),
    a.content::text, a.valid_from, a.valid_until
FROM achievements offered
JOIN achievement_versions v
    ON v.member = offered.member AND v.achievement = offered.achievement AND v.version = offered.versions
JOIN agreements a ON a.with_member = v.member
WHERE offered.member = %(member)s AND offered.achievement = %(achievement)s
    --< agreement_applies
    --< agreement_includes_version
    AND a.member = %(by)s --? by
    AND (a.member COLLATE "C", a.agreement) > (%(after)s, %(after_id)s::uuid) --? after
ORDER BY a.member COLLATE "C", a.agreement LIMIT %(limit)s
