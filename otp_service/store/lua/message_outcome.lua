-- Tells what came of a message, as its caller saw it.
-- KEYS  1 facts     ARGV  1 now  2 message id  3 outcome
local now, id, outcome = clock(ARGV[1]), ARGV[2], ARGV[3]
fact(KEYS[1], id .. ':o:' .. outcome, 'outcome', now, string.format('"message":"%s","outcome":"%s"', id, outcome))
return 'done'
