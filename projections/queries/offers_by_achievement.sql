-- The newest versions of these achievements of a composition, where they are offered still; then others' that the
-- member's assessments or agreements let stand for one of them.
WITH sought AS (
    SELECT w.place, w.member, w.achievement, w.version
    FROM unnest(%(members)s::text[], %(achievements)s::uuid[], %(versions)s::int[]) WITH ORDINALITY
        AS w (member, achievement, version, place)
),
equal AS (
    SELECT s.place, s.member, s.achievement, s.version FROM sought s
    UNION
    SELECT s.place, a.of_member, a.achievement, 1
    FROM assessments a
    JOIN sought s ON a.content -> 'towards' ->> 'achievement' = s.achievement::text
        AND a.content -> 'towards' ->> 'member' = s.member
    WHERE a.member = %(by)s AND a.state = 'inForce' AND a.outcome IN ('full', 'partial', 'alternative')
    UNION
    SELECT s.place, a.with_member, t.achievement, 1
    FROM agreements a
    JOIN sought s ON a.content -> 'towards' ->> 'achievement' = s.achievement::text
        AND a.content -> 'towards' ->> 'member' = s.member
    JOIN agreement_targets t ON t.member = a.member AND t.agreement = a.agreement
    WHERE a.member = %(by)s
        --< agreement_applies
),
found AS (
    SELECT e.place, v.member, v.achievement, v.version, v.title, v.ects, v.eqf_level, v.fields
    FROM equal e
    JOIN achievements a ON a.member = e.member AND a.achievement = e.achievement AND NOT a.retired
    JOIN achievement_versions v
        ON v.member = a.member AND v.achievement = a.achievement AND v.version = a.versions AND v.version >= e.version
)
