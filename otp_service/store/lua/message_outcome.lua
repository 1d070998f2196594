-- Tells what came of a message, as its caller saw it. A code that converted counts for its route, once, as if it had been
-- checked here.
-- KEYS  1 facts  2 conversions  3 the verification's record, if the message has one
-- ARGV  1 now  2 message id  3 outcome
local now, id, outcome = clock(ARGV[1]), ARGV[2], ARGV[3]
fact(KEYS[1], id .. ':o:' .. outcome, 'outcome', now, string.format('"message":"%s","outcome":"%s"', id, outcome))
local r = KEYS[3] and fields(KEYS[3]) or {}
if outcome == 'converted' and r.mid == id and r.st ~= 'approved' and r.rt then
  verified_code(KEYS[2], r.rt)
  redis.call('HDEL', KEYS[3], 'rt')
end
return 'done'
