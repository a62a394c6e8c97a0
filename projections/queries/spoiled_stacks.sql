-- Larger credentials of one member that count, or may again, and that may rest on something that no longer holds: all
-- that have a part, however deep, that was revoked or replaced, or whose issuing was voided. Which of these is impaired,
-- the flags tell. Down from the member's own to what they reach, then up again from what was spoiled.
WITH RECURSIVE below (member, credential) AS (
    SELECT p.part_member, p.part_credential FROM parts p WHERE p.member = %(member)s
  UNION
    SELECT p.part_member, p.part_credential
    FROM below b JOIN parts p ON p.member = b.member AND p.credential = b.credential
),
above (member, credential) AS (
    SELECT b.member, b.credential FROM below b
    WHERE EXISTS (
            SELECT FROM credentials c
            WHERE c.member = b.member AND c.credential = b.credential AND c.status IN ('revoked', 'replaced'))
        OR EXISTS (SELECT FROM voided_credentials v WHERE v.member = b.member AND v.credential = b.credential)
  UNION
    SELECT p.member, p.credential
    FROM above a JOIN parts p ON p.part_member = a.member AND p.part_credential = a.credential
)
SELECT c.member, c.credential::text
FROM above a JOIN credentials c ON c.member = a.member AND c.credential = a.credential
WHERE c.member = %(member)s AND c.has_parts AND c.status IN ('active', 'suspended')
ORDER BY c.credential
