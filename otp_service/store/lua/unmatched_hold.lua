-- Keeps a receipt whose message isn't known yet, to be tried again; one that is kept already stays as it was.
-- KEYS  1 set of digests by the time of their next try, 2 hash of digest -> [since when, provider, receipt]
-- ARGV  1 digest, 2 provider, 3 the receipt as JSON, 4 how many may wait, 5 ms until the first try
-- Returns 1 if it was kept, 2 if it was there, 0 if too many wait.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 2 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], string.format('[%d,', now) .. cjson.encode(ARGV[2]) .. ',' .. ARGV[3] .. ']')
redis.call('ZADD', KEYS[1], string.format('%d', now + ARGV[5]), ARGV[1])
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, 3600000) -- where no courier runs they don't stay for ever
end
return 1
