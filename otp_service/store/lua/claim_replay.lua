-- Puts one dead letter back where it came from.
-- KEYS  1 dead letters, 2-4 outbox streams, 5 facts
-- ARGV  1 the dead letter's id
-- Returns 1, or 0 if there is no such letter or it can't go back.
local letter = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not letter then
  return 0
end
local from, fields = nil, {}
for at = 1, #letter[2], 2 do
  local name, value = letter[2][at], letter[2][at + 1]
  if name == 'x:stream' then
    from = value
  elseif string.sub(name, 1, 2) ~= 'x:' then
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
end
for number = 2, #KEYS do
  if KEYS[number] == from and #fields > 0 then
    redis.call('XADD', from, '*', unpack(fields))
    redis.call('XDEL', KEYS[1], ARGV[1])
    return 1
  end
end
return 0
