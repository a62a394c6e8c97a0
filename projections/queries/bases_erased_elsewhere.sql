-- Own credentials and decisions that rest on a credential whose learner its issuer has erased, and this member has not:
-- a page of them.
SELECT e.what, e.id::text, e.of_member, e.credential::text
FROM (
    SELECT DISTINCT 'credential' AS what, s.credential AS id, p.part_member AS of_member, p.part_credential AS credential
    FROM parts p
    JOIN credentials s ON s.member = p.member AND s.credential = p.credential
    JOIN credentials c ON c.member = p.part_member AND c.credential = p.part_credential
    WHERE p.member = %(member)s AND p.part_member <> %(member)s
        AND s.status IN ('active', 'suspended') AND s.learner IS NOT NULL AND c.learner IS NULL
    UNION ALL
    SELECT DISTINCT 'decision', d.decision, b.of_member, b.credential
    FROM decision_bases b
    JOIN decisions d ON d.member = b.member AND d.decision = b.decision AND d.state = 'inForce'
    JOIN credentials c ON c.member = b.of_member AND c.credential = b.credential AND c.learner IS NULL
    WHERE b.member = %(member)s AND b.of_member <> %(member)s AND b.credential IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM erasures e
            WHERE e.member = %(member)s
                AND c.holder = sha256(convert_to(c.credential::text || ' ' || e.learner::text, 'UTF8')))
) AS e
WHERE true
    AND (e.what, e.id) > (%(after)s, %(after_id)s::uuid) --? after
ORDER BY e.what, e.id, e.of_member COLLATE "C", e.credential LIMIT %(limit)s
