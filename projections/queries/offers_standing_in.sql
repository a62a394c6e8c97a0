-- Others' achievements that a member's assessments or agreements let stand for one of these of its composition.
WITH sought AS (
    SELECT w.place, w.member, w.achievement
    FROM unnest(%(members)s::text[], %(achievements)s::uuid[]) WITH ORDINALITY AS w (member, achievement, place)
),
equal AS (
    SELECT DISTINCT s.place, a.of_member AS member, a.achievement
    FROM sought s
    JOIN assessments a ON a.member = %(by)s AND a.state = 'inForce' AND a.outcome IN ('full', 'partial', 'alternative')
        AND a.content -> 'towards' ->> 'achievement' = s.achievement::text
        AND a.content -> 'towards' ->> 'member' = s.member
    UNION
    SELECT s.place, a.with_member, t.achievement
    FROM sought s
    JOIN agreements a ON a.member = %(by)s
        AND a.content -> 'towards' ->> 'achievement' = s.achievement::text
        AND a.content -> 'towards' ->> 'member' = s.member
    JOIN agreement_targets t ON t.member = a.member AND t.agreement = a.agreement
    WHERE a.valid_from <= %(on)s AND (a.valid_until IS NULL OR a.valid_until >= %(on)s)
        AND (a.withdrawn_from IS NULL OR a.withdrawn_from > %(on)s)
),
found AS (
    SELECT e.place, v.member, v.achievement, v.version, v.title, v.ects, v.eqf_level, v.fields
    FROM equal e
    JOIN achievements a ON a.member = e.member AND a.achievement = e.achievement AND NOT a.retired
    JOIN achievement_versions v
        ON v.member = a.member AND v.achievement = a.achievement AND v.version = a.versions
)
