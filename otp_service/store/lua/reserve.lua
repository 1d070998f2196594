-- Reserves the limits of one slot for a start on Redis Cluster: all of them, or none.
-- KEYS  one per limit     ARGV  1 now  2 count  then 6 per limit
-- Answers {'done', mark...} | {'refused', code, wait ms, rule, ...}
local now, count = clock(ARGV[1]), tonumber(ARGV[2])
local limits = read_limits(1, 3, count, now)
local refused = judge({}, limits)
if refused then return refused end
local answer = { 'done' }
for _, l in ipairs(limits) do
  take(l)
  answer[#answer + 1] = l.mark
end
return answer
