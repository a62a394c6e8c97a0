-- The newest versions of these achievements, where they are offered still, with what would let a credential count.
WITH found AS (
    SELECT w.place, v.member, v.achievement, v.version, v.title, v.ects, v.eqf_level, v.fields
    FROM unnest(%(members)s::text[], %(achievements)s::uuid[], %(versions)s::int[]) WITH ORDINALITY
        AS w (member, achievement, version, place)
    JOIN achievements a ON a.member = w.member AND a.achievement = w.achievement AND NOT a.retired
    JOIN achievement_versions v
        ON v.member = a.member AND v.achievement = a.achievement AND v.version = a.versions AND v.version >= w.version
)
