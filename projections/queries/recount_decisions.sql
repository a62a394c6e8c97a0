-- A deciding member's counts, made from its decisions alone: the same rows as `decision_counts` adds one by one.
INSERT INTO decision_counts (member, of_member, month, number)
SELECT d.member, k.of_member, date_trunc('month', d.decision_date)::date, count(*)
FROM decisions d
CROSS JOIN LATERAL (
    SELECT '' AS of_member
    UNION
    SELECT b.of_member FROM decision_bases b
    WHERE b.member = d.member AND b.decision = d.decision AND b.of_member IS NOT NULL
) AS k
WHERE d.member = %(member)s
GROUP BY 1, 2, 3
