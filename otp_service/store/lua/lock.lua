-- The failure lock of a subject, for an admin's eyes.
-- KEYS  1 failures     ARGV  1 now  2 kept ms  3 from  4 base ms  5 most ms
-- Answers {all, strangers, wait ms, last failure ms}
local now = clock(ARGV[1])
local f = failures_of(KEYS[1], now, '', tonumber(ARGV[2]))
return { int(f.all), int(f.count), int(lock_wait(f, now, tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]))), f.map.at or '' }
