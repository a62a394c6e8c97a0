SELECT member, achievement::text, version FROM achievement_search
WHERE (%(member)s::text IS NULL OR member = %(member)s)
    AND (%(level)s::int IS NULL OR eqf_level = %(level)s)
    AND (%(field)s::text IS NULL OR EXISTS (SELECT FROM unnest(fields) AS f (code) WHERE starts_with(f.code, %(field)s)))
