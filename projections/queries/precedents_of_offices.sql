WITH found AS (
-- The newest of each office, and of these the newest.
SELECT p.*
FROM (SELECT member FROM members UNION SELECT unnest(%(offices)s::text[])) AS o (office)
CROSS JOIN LATERAL (
    SELECT * FROM precedents p
    WHERE p.member = o.office COLLATE "C"
        AND p.day BETWEEN %(begin)s::date AND %(end)s::date
        AND (p.day, p.member, p.leaf, p.basis, p.grant_no)
            < (%(after_day)s::date, %(after_member)s::text, %(after_leaf)s::bigint, %(after_basis)s::int, %(after_grant)s::int)
        AND p.state = %(state)s --? state
        AND p.purpose = %(purpose)s --? purpose
        AND p.effect = %(effect)s --? effect
        AND p.outcome = %(outcome)s --? outcome
        AND %(ground)s = ANY (p.grounds) --? ground
    ORDER BY p.day DESC, p.member DESC, p.leaf DESC, p.basis DESC, p.grant_no DESC
    LIMIT %(limit)s
) AS p
WHERE o.office = ANY (%(offices)s) --? offices
ORDER BY p.day DESC, p.member DESC, p.leaf DESC, p.basis DESC, p.grant_no DESC
LIMIT %(limit)s
)
