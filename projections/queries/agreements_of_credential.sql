-- The agreements that recognise a credential, a page of them.
SELECT a.member, a.agreement::text
FROM credentials c
JOIN achievement_versions v ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
JOIN agreements a ON a.with_member = c.member
    AND c.status = 'active'
    AND c.awarding_date >= a.valid_from
    AND (a.valid_until IS NULL OR c.awarding_date <= a.valid_until)
    AND (a.withdrawn_from IS NULL OR c.awarding_date < a.withdrawn_from)
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
WHERE c.member = %(member)s AND c.credential = %(credential)s
    AND (a.member COLLATE "C", a.agreement) > (%(after)s, %(after_id)s::uuid) --? after
ORDER BY a.member COLLATE "C", a.agreement LIMIT %(limit)s
