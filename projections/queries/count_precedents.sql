-- From the counts: whole months, or all time, of any purpose and effect or of some alone. One achievement after the
-- other (OFFSET 0): joined, the planner expects a row of all, and sorts the thousands that there may be.
SELECT c.member, c.what, sum(c.in_force)::bigint, sum(c.superseded)::bigint, sum(c.withdrawn)::bigint
    , min(c.month), max(c.month) --? begin
FROM unnest(%(members)s::text[], %(achievements)s::uuid[], %(versions)s::int[]) AS w (of_member, achievement, version)
CROSS JOIN LATERAL (
    SELECT c.member, c.what, c.in_force, c.superseded, c.withdrawn, c.month FROM precedent_counts c
    WHERE c.of_member = w.of_member COLLATE "C" AND c.achievement = w.achievement
        AND c.version BETWEEN coalesce(w.version, -2147483648) AND coalesce(w.version, 2147483647)
        AND c.month BETWEEN %(begin)s AND %(end)s --? begin
        AND c.month = '-infinity' --? ever
        AND c.purpose = '' AND c.effect = '' --? of_any
        AND c.purpose > '' AND c.effect > '' --? of_some
        AND c.purpose = %(purpose)s --? purpose
        AND c.effect = %(effect)s --? effect
        AND c.member = ANY (%(offices)s) --? offices
    OFFSET 0
) AS c
GROUP BY c.member, c.what
