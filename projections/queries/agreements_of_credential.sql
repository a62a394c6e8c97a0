-- The agreements that recognise a credential, a page of them.
SELECT a.member, a.agreement::text
FROM credentials c
JOIN achievement_versions v ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
JOIN agreements a ON
    --< agreement_covers
WHERE c.member = %(member)s AND c.credential = %(credential)s
    AND (a.member COLLATE "C", a.agreement) > (%(after)s, %(after_id)s::uuid) --? after
ORDER BY a.member COLLATE "C", a.agreement LIMIT %(limit)s
