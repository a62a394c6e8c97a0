-- The first and the last month in which something was said; one achievement after the other, as in the counts.
SELECT min(c.month), max(c.month)
FROM unnest(%(members)s::text[], %(achievements)s::uuid[], %(versions)s::int[]) AS w (of_member, achievement, version)
CROSS JOIN LATERAL (
    SELECT c.month FROM precedent_counts c
    WHERE c.of_member = w.of_member COLLATE "C" AND c.achievement = w.achievement
        AND c.version BETWEEN coalesce(w.version, -2147483648) AND coalesce(w.version, 2147483647)
        AND c.what = %(what)s AND c.month > '-infinity'
        AND c.purpose = %(purpose)s --? purpose
        AND c.effect = %(effect)s --? effect
        AND c.member = ANY (%(offices)s) --? offices
    OFFSET 0
) AS c
