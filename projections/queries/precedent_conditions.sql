    AND p.day BETWEEN %(begin)s::date AND %(end)s::date
    AND (p.day, p.member, p.leaf, p.basis, p.grant_no)
        < (%(after_day)s::date, %(after_member)s::text, %(after_leaf)s::bigint, %(after_basis)s::int, %(after_grant)s::int)
    AND p.state = %(state)s --? state
    AND p.purpose = %(purpose)s --? purpose
    AND p.effect = %(effect)s --? effect
    AND p.outcome = %(outcome)s --? outcome
    AND %(ground)s = ANY (p.grounds) --? ground
