-- What limits count now, changing nothing.
-- KEYS  one per limit     ARGV  1 now  2 count  then 6 per limit
-- Answers a flat list: left and wait ms of each
local now, count = clock(ARGV[1]), tonumber(ARGV[2])
local answer = {}
for _, l in ipairs(read_limits(1, 3, count, now)) do
  local wait = look(l)
  answer[#answer + 1] = int(left(l))
  answer[#answer + 1] = int(wait)
end
return answer
