-- Says of each verification whether its code is still waited for, and of each message of its own whether it is to be sent.
-- KEYS  their records
-- ARGV  their ids, in the same order
-- Returns {now in ms, 'pending' | 'expired' | 'canceled', ...}; canceled is whatever ended or replaced it.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {now}
for number, record in ipairs(KEYS) do
  local held = redis.call('HMGET', record, 'id', 'st', 'exp')
  if held[1] ~= ARGV[number] or held[2] ~= 'pending' then
    found[number + 1] = 'canceled'
  elseif now >= (tonumber(held[3]) or 0) then
    found[number + 1] = 'expired'
  else
    found[number + 1] = 'pending'
  end
end
return found
