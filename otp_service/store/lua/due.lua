-- Moves delayed messages whose time has come back into their outbox stream.
-- KEYS  1-3 the outbox streams, 4 due set, 5 dead letters, 6 held entries
-- ARGV  1 how many at most
-- A member is an entry as JSON, [stream number, field, value, ...], or `@` and a message id: its entry is held under that id,
-- and what a receipt said of it meanwhile under `<id>!` as 'status|reason', which the entry then carries on as field x.
-- A held entry that is gone was taken away by whoever needs it no more; one that can't be read goes to the dead letters.
-- Returns how many were due.
local HELD = KEYS[6]

local function fields_of(text)
  local fine, list = pcall(cjson.decode, text)
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

local function entry_of(member)
  if string.sub(member, 1, 1) ~= '@' then return member end
  local id = string.sub(member, 2)
  local found = redis.call('HMGET', HELD, id, id .. '!')
  redis.call('HDEL', HELD, id, id .. '!')
  return found[1], found[2]
end

local time = redis.call('TIME')
local now = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
local due = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, member in ipairs(due) do
  local text, told = entry_of(member)
  local stream, fields = fields_of(text)
  if stream then
    if told then
      fields[#fields + 1] = 'x'
      fields[#fields + 1] = told
    end
    redis.call('XADD', stream, '*', unpack(fields))
  elseif text then
    redis.call('XADD', KEYS[5], '*', 'x:reason', 'bad_format', 'x:stream', KEYS[4], 'x:id', '', 'member', text)
  end
  redis.call('ZREM', KEYS[4], member)
end
return #due
