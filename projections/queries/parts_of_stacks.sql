-- The known parts of stacked credentials, with what is said to let each count: a decision that was not withdrawn, or
-- an agreement. Only another stack of the same member shares a part: anybody can publish one over
-- anybody's credential. A stack that was replaced shares nothing with its replacement.
SELECT p.member, p.credential::text, c.member, c.credential::text, c.achievement::text, c.version, v.fields,
    v.eqf_level, p.ects, c.awarding_date, p.by_member IS NOT NULL,
    s.status <> 'replaced' AND EXISTS (
        SELECT FROM parts o JOIN credentials other USING (member, credential)
        WHERE o.part_member = p.part_member AND o.part_credential = p.part_credential AND o.member = p.member
            AND o.credential <> p.credential AND other.status IN ('active', 'suspended')),
    d.content::text, a.content::text, c.ects
FROM unnest(%(members)s::text[], %(ids)s::uuid[]) AS w (member, credential)
JOIN credentials s USING (member, credential)
JOIN parts p USING (member, credential)
JOIN credentials c ON c.member = p.part_member AND c.credential = p.part_credential
JOIN achievement_versions v
    ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
LEFT JOIN decisions d ON d.member = p.by_member AND d.decision = p.by_decision AND d.state <> 'withdrawn'
LEFT JOIN agreements a ON a.member = p.by_member AND a.agreement = p.by_agreement
LIMIT %(limit)s
