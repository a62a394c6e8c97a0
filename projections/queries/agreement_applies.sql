    AND a.valid_from <= %(day)s AND (a.valid_until IS NULL OR a.valid_until >= %(day)s)
    AND (a.withdrawn_from IS NULL OR a.withdrawn_from > %(day)s)
