-- How many credentials of one achievement there are, by the status that they have now.
SELECT coalesce(sum(active), 0), coalesce(sum(suspended), 0), coalesce(sum(revoked), 0), coalesce(sum(replaced), 0)
FROM award_counts
WHERE member = %(member)s AND achievement = %(achievement)s
