-- A page of what was found, and what it shows beside each. One after the other (OFFSET 0): they are few.
SELECT coalesce(json_agg(json_build_array(
        p.member, p.kind, p.thing, p.state, d.superseded_by, p.day, p.purpose, p.effect, p.outcome, p.grounds,
        coalesce(d.content -> 'grants' -> p.grant_no, a.content), p.of_member, p.achievement, p.version, v.title,
        v.ects::text, v.eqf_level, a.content -> 'validUntil', p.leaf, p.basis, p.grant_no)
    ORDER BY p.day DESC, p.member DESC, p.leaf DESC, p.basis DESC, p.grant_no DESC), '[]')::text
FROM found p
LEFT JOIN LATERAL (
    SELECT o.content, o.superseded_by FROM decisions o
    WHERE o.member = p.member COLLATE "default" AND o.decision = p.thing OFFSET 0) AS d ON true
LEFT JOIN LATERAL (
    SELECT o.content FROM assessments o
    WHERE o.member = p.member COLLATE "default" AND o.assessment = p.thing OFFSET 0) AS a ON true
LEFT JOIN LATERAL (
    SELECT o.title, o.ects, o.eqf_level FROM achievement_versions o
    WHERE o.member = p.of_member COLLATE "default" AND o.achievement = p.achievement AND o.version = p.version
    OFFSET 0) AS v ON true
