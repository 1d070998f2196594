-- Gives one courier the next entries of a cell: high before normal before bulk.
-- KEYS  1-3 the outbox streams, most urgent first
-- ARGV  1 group, 2 consumer, 3 how many at most, 4 how many of them from all streams but the first
-- Returns {{stream number, entry id, {field, value, ...}}, ...}
local found, left = {}, tonumber(ARGV[4])
for number, stream in ipairs(KEYS) do
  local room = ARGV[3] - #found
  if number > 1 then room = math.min(room, left) end
  if room > 0 then
    local reply = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', room, 'STREAMS', stream, '>')
    local of_stream = reply and reply[1] or {}
    if type(of_stream) == 'string' then of_stream = reply end -- fakeredis leaves out the outer list
    for _, entry in ipairs(of_stream[2] or {}) do
      found[#found + 1] = {number, entry[1], entry[2]}
      if number > 1 then left = left - 1 end
    end
  end
end
return found
