-- Forgives a scope whatever speaks against it: its debt, of a block its numbers in a row, of a prefix its score, quarantine and
-- watch. What typed codes have earned stays.
-- KEYS  1 scope  2 quarantines     ARGV  1 letter  2 of a prefix: itself in clear and its country
-- Answers 1, or 0 where there is no state
local letter, text = ARGV[1], redis.call('GET', KEYS[1])
if letter == 'p' then redis.call('ZREM', KEYS[2], ARGV[2]) end
if not text then return 0 end
local a = numbers(text)
a[D], a[Y1], a[Y0] = 0, 0, 0
if letter == 'b' then a[RUN] = 0 end
if letter == 'p' then a[S], a[Q], a[QL], a[W], a[WL] = 0, 0, 0, 0, 0 end
redis.call('SET', KEYS[1], packed(letter, a), 'KEEPTTL')
return 1
