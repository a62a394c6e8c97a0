-- Which agreements recognise these credentials automatically: of all members, or of one with their content.
SELECT c.member, c.credential::text, a.member, a.agreement::text,
    CASE WHEN %(by)s::text IS NOT NULL THEN a.content::text END
FROM unnest(%(members)s::text[], %(ids)s::uuid[]) AS w (member, credential)
JOIN credentials c USING (member, credential)
JOIN agreements a ON a.with_member = c.member
    AND c.awarding_date >= a.valid_from
    AND (a.valid_until IS NULL OR c.awarding_date <= a.valid_until)
    AND (a.withdrawn_from IS NULL OR c.awarding_date < a.withdrawn_from)
JOIN achievement_versions v
    ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
WHERE c.status = 'active'
  AND (%(by)s::text IS NULL OR a.member = %(by)s)
  AND CASE WHEN a.eqf_levels IS NULL AND a.fields IS NULL
      THEN EXISTS (
          SELECT FROM agreement_targets t
          WHERE t.member = a.member AND t.agreement = a.agreement AND t.achievement = c.achievement
            AND (t.version = c.version OR (a.include_revisions AND t.version < c.version)))
      ELSE (a.eqf_levels IS NULL OR v.eqf_level = ANY (a.eqf_levels))
       AND (a.fields IS NULL OR EXISTS (
          SELECT FROM unnest(a.fields) AS covered (code), unnest(v.fields) AS own (code)
          WHERE starts_with(own.code, covered.code)))
      END
ORDER BY c.member COLLATE "C", c.credential, a.member COLLATE "C", a.agreement
