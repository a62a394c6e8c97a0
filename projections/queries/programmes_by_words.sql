-- Programmes whose title has the words: titles as offices wrote them, and members' achievements.
(
    SELECT DISTINCT towards FROM programmes
    WHERE words @@ (SELECT websearch_to_tsquery('simple', %(plain)s)) OR towards = %(key)s
    LIMIT %(limit)s
)
UNION
(
    SELECT p.towards FROM achievement_search s
    JOIN programmes p ON p.towards = s.member || '/' || s.achievement
    WHERE s.newest AND s.words @@ %(words)s::tsquery
    ORDER BY ts_rank(s.words, %(words)s::tsquery) DESC
    LIMIT %(limit)s
)
