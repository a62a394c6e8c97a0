INSERT INTO precedent_counts AS c
    (member, of_member, achievement, version, month, purpose, effect, what, in_force, superseded, withdrawn)
SELECT %(member)s, * FROM unnest(
    %(of_members)s::text[], %(achievements)s::uuid[], %(versions)s::int[], %(months)s::date[], %(purposes)s::text[],
    %(effects)s::text[], %(whats)s::text[], %(in_force)s::int[], %(superseded)s::int[], %(withdrawn)s::int[])
ON CONFLICT (of_member, achievement, month, purpose, effect, version, member, what) DO UPDATE SET
    in_force = c.in_force + excluded.in_force,
    superseded = c.superseded + excluded.superseded,
    withdrawn = c.withdrawn + excluded.withdrawn
