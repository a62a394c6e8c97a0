-- A member's counts, made from its credentials alone: the same rows as `award_counts` adds one by one.
INSERT INTO award_counts (member, month, achievement, active, suspended, revoked, replaced, ects)
SELECT member, date_trunc('month', awarding_date)::date, achievement,
    count(*) FILTER (WHERE status = 'active'),
    count(*) FILTER (WHERE status = 'suspended'),
    count(*) FILTER (WHERE status = 'revoked'),
    count(*) FILTER (WHERE status = 'replaced'),
    CASE WHEN count(ects) > 0 THEN trim_scale(coalesce(sum(ects) FILTER (WHERE status = 'active'), 0)) END
FROM credentials
WHERE member = %(member)s
GROUP BY 1, 2, 3
