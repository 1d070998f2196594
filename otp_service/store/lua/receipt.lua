-- Moves a message up by what its provider reports, and tells it as a fact; a repeated or late receipt changes nothing.
-- KEYS  1 the verification's record, 2 facts
-- ARGV  1 message id, 2 rank, 3 'status|provider|reason', 4 fact data, 5 '' or the time in ms
-- Returns 1 if it was news.
local time = redis.call('TIME')
local at = ARGV[5] ~= '' and ARGV[5] or string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
local field = 'm:' .. ARGV[1]
local held = redis.call('HGET', KEYS[1], field)
if held and tonumber(string.match(held, '^%d+')) >= tonumber(ARGV[2]) then
  return 0
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], field, ARGV[2] .. '|' .. ARGV[3] .. '|' .. at)
end
redis.call('XADD', KEYS[2], '*', 'f', ARGV[1] .. ':' .. ARGV[2], 't', 'message', 'at', at, 'd', ARGV[4])
return 1
