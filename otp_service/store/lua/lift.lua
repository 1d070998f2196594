-- Ends a prefix's quarantine and watch before their time; what it owes stays.
-- KEYS  1 prefix  2 quarantines     ARGV  1 now  2 prefix in clear and country
-- Answers 1, or 0 where there was neither
local now, text = clock(ARGV[1]), redis.call('GET', KEYS[1])
local p = numbers(text)
redis.call('ZREM', KEYS[2], ARGV[2])
if not text or p[Q] <= now and p[W] <= now then return 0 end
p[S], p[Q], p[QL], p[W], p[WL] = 0, 0, 0, 0, 0
redis.call('SET', KEYS[1], packed('p', p), 'KEEPTTL')
return 1
