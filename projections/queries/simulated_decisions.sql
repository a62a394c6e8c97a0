-- What an office decided within a period, in force and for one purpose, on versions of a member's achievements.
SELECT p.outcome, (d.content -> 'grants' -> p.grant_no ->> 'ects')::numeric AS granted, v.ects, p.grounds, count(*)
FROM precedents p
JOIN decisions d ON d.member = p.member AND d.decision = p.thing
LEFT JOIN achievement_versions v
    ON v.member = p.of_member AND v.achievement = p.achievement AND v.version = p.version
WHERE p.member = %(office)s AND p.day BETWEEN %(begin)s AND %(end)s AND p.of_member = %(with)s
  AND p.kind = 'decision' AND p.state = 'inForce' AND p.purpose = %(purpose)s
  AND EXISTS (
      SELECT FROM unnest(%(achievements)s::uuid[], %(versions)s::int[]) AS m (achievement, version)
      WHERE m.achievement = p.achievement AND m.version = p.version)
GROUP BY p.outcome, granted, v.ects, p.grounds
