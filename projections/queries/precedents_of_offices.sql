WITH found AS (
-- The newest of each office, and of these the newest.
SELECT p.*
FROM (SELECT member FROM members UNION SELECT unnest(%(offices)s::text[])) AS o (office)
CROSS JOIN LATERAL (
    SELECT * FROM precedents p
    WHERE p.member = o.office COLLATE "C"
        --< precedent_conditions
    ORDER BY p.day DESC, p.member DESC, p.leaf DESC, p.basis DESC, p.grant_no DESC
    LIMIT %(limit)s
) AS p
WHERE o.office = ANY (%(offices)s) --? offices
ORDER BY p.day DESC, p.member DESC, p.leaf DESC, p.basis DESC, p.grant_no DESC
LIMIT %(limit)s
)
