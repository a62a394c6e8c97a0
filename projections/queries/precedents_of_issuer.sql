WITH found AS (
-- The newest about what one member awards.
SELECT p.*
FROM precedents p
WHERE p.of_member = %(of_member)s
    --< precedent_conditions
    AND p.member = ANY (%(offices)s) --? offices
ORDER BY p.day DESC, p.member DESC, p.leaf DESC, p.basis DESC, p.grant_no DESC
LIMIT %(limit)s
)
