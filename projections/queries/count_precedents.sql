-- From the counts: whole months, or all time, of any purpose and effect or of some alone.
SELECT c.member, c.what, sum(c.in_force), sum(c.superseded), sum(c.withdrawn),
    nullif(min(c.month), '-infinity'), nullif(max(c.month), '-infinity')
FROM unnest(%(members)s::text[], %(achievements)s::uuid[], %(versions)s::int[]) AS w (of_member, achievement, version)
JOIN precedent_counts c ON c.of_member = w.of_member COLLATE "C" AND c.achievement = w.achievement
    AND c.version BETWEEN coalesce(w.version, -2147483648) AND coalesce(w.version, 2147483647)
WHERE true
    AND c.month BETWEEN %(begin)s AND %(end)s --? begin
    AND c.month = '-infinity' --? ever
    AND c.purpose = '' AND c.effect = '' --? of_any
    AND c.purpose > '' AND c.effect > '' --? of_some
    AND c.purpose = %(purpose)s --? purpose
    AND c.effect = %(effect)s --? effect
    AND c.member = ANY (%(offices)s) --? offices
GROUP BY c.member, c.what
