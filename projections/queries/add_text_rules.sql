INSERT INTO text_rules (member, rules) SELECT %(member)s, unnest(%(rules)s::text[]) ON CONFLICT DO NOTHING
