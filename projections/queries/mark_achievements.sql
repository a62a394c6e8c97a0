UPDATE achievement_search AS s SET newest = (s.version = a.versions), retired = a.retired
FROM unnest(%(achievements)s::uuid[], %(versions)s::int[], %(retired)s::bool[]) AS a (achievement, versions, retired)
WHERE s.member = %(member)s AND s.achievement = a.achievement
    AND (s.newest, s.retired) IS DISTINCT FROM (s.version = a.versions, a.retired)
