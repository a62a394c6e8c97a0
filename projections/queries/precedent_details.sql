-- What a page shows beside the precedents themselves, in the order of the keys.
SELECT coalesce(d.content, a.content)::text, d.superseded_by::text, v.title, v.ects, v.eqf_level
FROM unnest(%(members)s::text[], %(things)s::uuid[], %(of_members)s::text[], %(achievements)s::uuid[], %(versions)s::int[])
    WITH ORDINALITY AS w (member, thing, of_member, achievement, version, place)
LEFT JOIN decisions d ON d.member = w.member AND d.decision = w.thing
LEFT JOIN assessments a ON a.member = w.member AND a.assessment = w.thing
LEFT JOIN achievement_versions v
    ON v.member = w.of_member AND v.achievement = w.achievement AND v.version = w.version
ORDER BY w.place
