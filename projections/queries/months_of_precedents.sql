-- The first and the last month in which something was said.
SELECT min(c.month), max(c.month)
FROM unnest(%(members)s::text[], %(achievements)s::uuid[], %(versions)s::int[]) AS w (of_member, achievement, version)
JOIN precedent_counts c ON c.of_member = w.of_member COLLATE "C" AND c.achievement = w.achievement
    AND c.version = w.version
WHERE c.what = %(what)s
    AND (%(purpose)s::text IS NULL OR c.purpose = %(purpose)s)
    AND (%(effect)s::text IS NULL OR c.effect = %(effect)s)
    AND (%(offices)s::text[] IS NULL OR c.member = ANY (%(offices)s))
