-- Whole months, from the counts.
SELECT c.member, c.what, sum(c.in_force), sum(c.superseded), sum(c.withdrawn), min(c.month), max(c.month)
FROM unnest(%(members)s::text[], %(achievements)s::uuid[], %(versions)s::int[]) AS w (of_member, achievement, version)
JOIN precedent_counts c ON c.of_member = w.of_member COLLATE "C" AND c.achievement = w.achievement
    AND c.version BETWEEN coalesce(w.version, -2147483648) AND coalesce(w.version, 2147483647)
WHERE c.month BETWEEN %(begin)s::date AND %(end)s::date
    AND (%(purpose)s::text IS NULL OR c.purpose = %(purpose)s)
    AND (%(effect)s::text IS NULL OR c.effect = %(effect)s)
    AND (%(offices)s::text[] IS NULL OR c.member = ANY (%(offices)s))
GROUP BY c.member, c.what
