    AND CASE  -- the agreement `a` names the version `v` of an achievement, or its level and field
      WHEN a.eqf_levels IS NULL AND a.fields IS NULL
      THEN EXISTS (
          SELECT FROM agreement_targets t
          WHERE t.member = a.member AND t.agreement = a.agreement AND t.achievement = v.achievement
            AND (t.version = v.version OR (a.include_revisions AND t.version < v.version)))
      ELSE (a.eqf_levels IS NULL OR v.eqf_level = ANY (a.eqf_levels))
       AND (a.fields IS NULL OR EXISTS (
          SELECT FROM unnest(a.fields) AS covered (code), unnest(v.fields) AS own (code)
          WHERE starts_with(own.code, covered.code)))
      END
