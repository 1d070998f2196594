-- Takes a few tokens ahead from a rate that all couriers share: each token is a moment, evenly apart.
-- KEYS  1 the rate's next free moment
-- ARGV  1 microseconds between two tokens, 2 how many, 3 how many ms ahead at most
-- Returns the milliseconds until the first of them, or '-' and the milliseconds if that is too far ahead: none is taken then.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local free = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local wait = string.format('%d', math.ceil((free - now) / 1000))
if free - now > ARGV[3] * 1000 then
  return '-' .. wait
end
local after = free + ARGV[1] * ARGV[2]
redis.call('SET', KEYS[1], string.format('%d', after), 'PX', string.format('%d', math.ceil((after - now) / 1000) + 1000))
return wait
