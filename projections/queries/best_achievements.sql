SELECT member, achievement::text, version, count(*) OVER () AS matched FROM achievement_search
WHERE words @@ %(words)s::tsquery
    AND (%(member)s::text IS NULL OR member = %(member)s)
    AND (%(level)s::int IS NULL OR eqf_level = %(level)s)
    AND (%(field)s::text IS NULL OR EXISTS (SELECT FROM unnest(fields) AS f (code) WHERE starts_with(f.code, %(field)s)))
ORDER BY ts_rank(words, %(words)s::tsquery) DESC, member, achievement, version
LIMIT %(limit)s
