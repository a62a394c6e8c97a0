-- The agreements that cover what is awarded on a day of an achievement's newest version, a page of them.
SELECT a.member, a.agreement::text,
    EXISTS (SELECT FROM agreements b
        WHERE b.member = a.with_member AND b.with_member = a.member AND b.withdrawn_from IS NULL),
    a.content::text, a.valid_from, a.valid_until
FROM achievements offered
JOIN achievement_versions v
    ON v.member = offered.member AND v.achievement = offered.achievement AND v.version = offered.versions
JOIN agreements a ON a.with_member = v.member
    AND a.valid_from <= %(day)s AND (a.valid_until IS NULL OR a.valid_until >= %(day)s)
    AND (a.withdrawn_from IS NULL OR a.withdrawn_from > %(day)s)
WHERE offered.member = %(member)s AND offered.achievement = %(achievement)s
  AND CASE WHEN a.eqf_levels IS NULL AND a.fields IS NULL
      THEN EXISTS (
          SELECT FROM agreement_targets t
          WHERE t.member = a.member AND t.agreement = a.agreement AND t.achievement = v.achievement
            AND (t.version = v.version OR (a.include_revisions AND t.version < v.version)))
      ELSE (a.eqf_levels IS NULL OR v.eqf_level = ANY (a.eqf_levels))
       AND (a.fields IS NULL OR EXISTS (
          SELECT FROM unnest(a.fields) AS covered (code), unnest(v.fields) AS own (code)
          WHERE starts_with(own.code, covered.code)))
      END
    AND a.member = %(by)s --? by
    AND (a.member COLLATE "C", a.agreement) > (%(after)s, %(after_id)s::uuid) --? after
ORDER BY a.member COLLATE "C", a.agreement LIMIT %(limit)s
