-- Larger credentials of one member that count, or may again, and that may rest on something that no longer holds: all
-- that have a part, however deep, that was revoked or replaced, or whose issuing was voided. Which of these is impaired,
-- the flags tell. Down from the member's own to what they reach, then up again from what was spoiled. Each step looks
-- its rows up one by one (OFFSET 0 keeps it so): reading whole tables instead costs what everybody has, not this member.
WITH RECURSIVE below (member, credential) AS (
    SELECT p.part_member, p.part_credential FROM parts p WHERE p.member = %(member)s
  UNION
    SELECT n.part_member, n.part_credential
    FROM below b
    CROSS JOIN LATERAL (
        SELECT p.part_member, p.part_credential FROM parts p
        WHERE p.member = b.member AND p.credential = b.credential OFFSET 0) AS n
),
above (member, credential) AS (
    SELECT b.member, b.credential FROM below b
    WHERE EXISTS (
            SELECT FROM credentials c
            WHERE c.member = b.member AND c.credential = b.credential AND c.status IN ('revoked', 'replaced') OFFSET 0)
        OR EXISTS (SELECT FROM voided_credentials v WHERE v.member = b.member AND v.credential = b.credential OFFSET 0)
  UNION
    SELECT n.member, n.credential
    FROM above a
    CROSS JOIN LATERAL (
        SELECT p.member, p.credential FROM parts p
        WHERE p.part_member = a.member AND p.part_credential = a.credential OFFSET 0) AS n
)
SELECT c.member, c.credential::text
FROM above a
CROSS JOIN LATERAL (
    SELECT o.member, o.credential FROM credentials o
    WHERE o.member = a.member AND o.credential = a.credential AND o.has_parts AND o.status IN ('active', 'suspended')
    OFFSET 0) AS c
WHERE a.member = %(member)s
ORDER BY c.credential
