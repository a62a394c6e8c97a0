INSERT INTO achievement_search (member, achievement, version, newest, retired, kind, ects, eqf_level, fields, languages,
    participation, credit_bearing, stackability, sort_title, words)
SELECT %(member)s, a.achievement, a.version, false, false, a.kind, a.ects, a.eqf_level, a.fields::text[],
    a.languages::text[], a.participation::text[], a.credit_bearing, a.stackability, a.sort_title, w.words
FROM unnest(
    %(achievements)s::uuid[], %(versions)s::int[], %(kinds)s::text[], %(ects)s::numeric[], %(levels)s::smallint[],
    %(fields)s::text[], %(languages)s::text[], %(participation)s::text[], %(credit_bearing)s::bool[],
    %(stackability)s::text[], %(titles)s::text[]) WITH ORDINALITY
    AS a (achievement, version, kind, ects, eqf_level, fields, languages, participation, credit_bearing, stackability,
        sort_title, number)
JOIN (
    SELECT t.of_row, words_joined(setweight(to_tsvector(t.rules::regconfig, t.text), t.weight::"char") ORDER BY t.place)
    FROM unnest(%(of_rows)s::int[], %(rules)s::text[], %(weights)s::text[], %(texts)s::text[]) WITH ORDINALITY
        AS t (of_row, rules, weight, text, place)
    GROUP BY t.of_row
) AS w (of_row, words) ON w.of_row = a.number - 1
