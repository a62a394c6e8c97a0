SELECT member, achievement::text, version FROM achievement_search
WHERE true
    AND member = %(member)s --? member
    AND eqf_level = %(level)s --? level
    AND EXISTS (SELECT FROM unnest(fields) AS f (code) WHERE starts_with(f.code, %(field)s)) --? field
