-- Takes over the entries of one stream that nobody has renewed for a while, and forgets consumers that are long gone.
-- KEYS  1 the stream
-- ARGV  1 group, 2 consumer, 3 idle ms, 4 how many at most, 5 ms after which a consumer without entries is forgotten
-- Returns {{entry id, deliveries with this one, {field, value, ...}}, ...}
local found = {}
for _, pending in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], '-', '+', ARGV[4])) do
  local entry = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], pending[1])[1]
  if entry then
    found[#found + 1] = {entry[1], pending[4] + 1, entry[2]}
  end
end
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for at = 1, #flat, 2 do
    consumer[flat[at]] = flat[at + 1]
  end
  if consumer.pending == 0 and consumer.idle > tonumber(ARGV[5]) and consumer.name ~= ARGV[2] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
  end
end
return found
