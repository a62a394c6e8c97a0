SELECT member, achievement::text, version, count(*) OVER () AS matched FROM achievement_search
WHERE words @@ %(words)s::tsquery
    AND member = %(member)s --? member
    AND eqf_level = %(level)s --? level
    AND EXISTS (SELECT FROM unnest(fields) AS f (code) WHERE starts_with(f.code, %(field)s)) --? field
ORDER BY ts_rank(words, %(words)s::tsquery) DESC, member, achievement, version
LIMIT %(limit)s
