-- Takes the unmatched receipts that are to be tried now, and puts the next try of each as far off as the receipt is old.
-- KEYS  1 set of digests by the time of their next try, 2 hash of digest -> [since when, provider, receipt]
-- ARGV  1 how many at most, 2 the shortest and 3 the longest time between two tries in ms
-- Returns {now in ms, digest, [since when, provider, receipt], ...}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = { now }
for _, digest in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now), 'LIMIT', 0, ARGV[1])) do
  local kept = redis.call('HGET', KEYS[2], digest)
  local since = kept and tonumber(string.match(kept, '^%[(%d+),'))
  if since then
    local wait = math.max(tonumber(ARGV[2]), math.min(tonumber(ARGV[3]), now - since))
    redis.call('ZADD', KEYS[1], string.format('%d', now + wait), digest)
    found[#found + 1], found[#found + 2] = digest, kept
  else
    redis.call('ZREM', KEYS[1], digest)
  end
end
return found
