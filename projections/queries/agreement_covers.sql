    a.with_member = c.member
    AND c.status = 'active'
    AND c.awarding_date >= a.valid_from
    AND (a.valid_until IS NULL OR c.awarding_date <= a.valid_until)
    AND (a.withdrawn_from IS NULL OR c.awarding_date < a.withdrawn_from)
    --< agreement_includes_version
