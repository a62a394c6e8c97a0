-- Grants in force of each month, by office and by outcome or ground: the sums over everybody's achievements.
SELECT to_char(month, 'YYYY-MM'), member, what, sum(in_force)::bigint
FROM precedent_counts
WHERE of_member = '' AND month > '-infinity'
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
