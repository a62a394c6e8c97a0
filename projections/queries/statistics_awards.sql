-- What was awarded in each month by each member, and how much of it was revoked since.
SELECT to_char(month, 'YYYY-MM'), member,
    sum(active + suspended + revoked + replaced)::bigint, sum(revoked)::bigint
FROM award_counts
GROUP BY 1, 2
ORDER BY 1, 2
