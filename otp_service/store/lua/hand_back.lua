-- Hands back what reserve.lua took; sent once and never repeated: a second one would hand back another's.
-- KEYS  one per limit     ARGV  1 count  then 6 per limit  then a mark per limit
local count = tonumber(ARGV[1])
for i, l in ipairs(read_limits(1, 2, count, 0)) do give(l, ARGV[1 + count * 6 + i]) end
return 'done'
