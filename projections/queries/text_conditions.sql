-- A question by each language's rules, joined by OR; and no unwanted word by any of them.
WITH present AS (
    SELECT DISTINCT rules FROM text_rules WHERE %(rules)s::text[] IS NULL
    UNION SELECT unnest(%(rules)s::text[])
    UNION SELECT 'simple' WHERE %(rules)s::text[] IS NULL
),
wanted AS (
    SELECT DISTINCT websearch_to_tsquery(rules::regconfig, %(wanted)s) AS q FROM present
),
unwanted AS (
    SELECT DISTINCT phraseto_tsquery(rules::regconfig, u.word) AS q
    FROM present CROSS JOIN unnest(%(unwanted)s::text[]) AS u (word)
)
SELECT '(' || (SELECT string_agg('(' || q::text || ')', ' | ') FROM wanted WHERE numnode(q) > 0) || ')'
    || coalesce((SELECT ' & !(' || string_agg('(' || q::text || ')', ' | ') || ')' FROM unwanted WHERE numnode(q) > 0), '')
