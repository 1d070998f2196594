-- Shares what couriers know of providers: writes what one of them learnt, unless another has written there since, and tells
-- what is known if it isn't what this one has seen.
-- KEYS  1 breakers, 2 conversions, 3 version
-- ARGV  1 the version last seen or '', 2 ms to live, 3 '1' if conversions are shared too, 4 how many changes, then per change
--       field, text expected ('' for none), new text; then per route that has conversions its field and 'sent|verified'
-- Returns {version, {refused field, ...}}, and where somebody else has written since the version last seen, all that is
--         known: {..., {field, text, ...}, {field, 'sent|verified', ...}}
local count, refused, wrote = tonumber(ARGV[4]), {}, ARGV[3] == '1'
local seen = redis.call('GET', KEYS[3]) or ''
local news = seen ~= ARGV[1] or wrote
if wrote then
  redis.call('DEL', KEYS[2])
  for at = 3 * count + 5, #ARGV, 2 do
    redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
  end
end
for at = 5, 3 * count + 4, 3 do
  local field, expected, text = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if (redis.call('HGET', KEYS[1], field) or '') == expected then
    redis.call('HSET', KEYS[1], field, text)
    wrote = true
  else
    refused[#refused + 1] = field
  end
end
if wrote then
  seen = string.format('%d', redis.call('INCR', KEYS[3]))
  for _, key in ipairs(KEYS) do
    redis.call('PEXPIRE', key, ARGV[2])
  end
end
if not news then
  return { seen, refused }
end
return { seen, refused, redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]) }
