INSERT INTO decision_counts AS c (member, of_member, month, number)
SELECT %(member)s, * FROM unnest(%(of_members)s::text[], %(months)s::date[], %(numbers)s::bigint[])
ON CONFLICT (of_member, member, month) DO UPDATE SET number = c.number + excluded.number
