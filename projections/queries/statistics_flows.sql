-- Grants in force of each year, by the member whose achievements they are about, the office and the outcome or ground.
SELECT to_char(month, 'YYYY'), of_member, member, what, sum(in_force)::bigint
FROM precedent_counts
WHERE of_member <> '' AND achievement = '00000000-0000-0000-0000-000000000000' AND month > '-infinity'
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
