-- A title that was named before in fewer languages is now found in these too.
INSERT INTO programmes (member, towards, words)
SELECT %(member)s, p.towards, strip(to_tsvector('simple', p.words))
FROM unnest(%(towards)s::text[], %(words)s::text[]) AS p (towards, words)
ON CONFLICT (member, towards) DO UPDATE SET words = programmes.words || excluded.words
WHERE length(programmes.words || excluded.words) > length(programmes.words)
