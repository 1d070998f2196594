-- Removes facts that the ledger has, and sets aside those that it can't take.
-- KEYS  1 facts, 2 dead letters
-- ARGV  1 group, 2 number of malformed facts, then per malformed one its id and the reason, then the ids of all
-- Returns how many were removed.
local malformed = tonumber(ARGV[2])
for number = 1, malformed do
  local id, reason = ARGV[2 * number + 1], ARGV[2 * number + 2]
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  if entry then
    redis.call('XADD', KEYS[2], '*', 'x:reason', reason, 'x:stream', KEYS[1], 'x:id', id, unpack(entry[2]))
  end
end
local removed = 0
for number = 2 * malformed + 3, #ARGV do
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[number])
  removed = removed + redis.call('XDEL', KEYS[1], ARGV[number])
end
return removed
