-- Moves delayed messages whose time has come back into their outbox stream.
-- KEYS  1-3 the outbox streams, 4 due set, 5 dead letters
-- ARGV  1 how many at most
-- A member is JSON: [stream number, field, value, ...]; one that can't be read goes to the dead letters.
-- Returns how many were due.
local function fields_of(member)
  local fine, list = pcall(cjson.decode, member)
  if not fine or type(list) ~= 'table' or #list < 3 or #list % 2 == 0 or #list > 100 then
    return nil
  end
  local number = table.remove(list, 1)
  local stream = (number == 1 or number == 2 or number == 3) and KEYS[number]
  for _, value in ipairs(list) do
    fine = fine and type(value) == 'string'
  end
  return fine and stream, list
end

local time = redis.call('TIME')
local now = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
local due = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, member in ipairs(due) do
  local stream, fields = fields_of(member)
  if stream then
    redis.call('XADD', stream, '*', unpack(fields))
  else
    redis.call('XADD', KEYS[5], '*', 'x:reason', 'bad_format', 'x:stream', KEYS[4], 'x:id', '', 'member', member)
  end
  redis.call('ZREM', KEYS[4], member)
end
return #due
