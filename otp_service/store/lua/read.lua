-- The record, with the time by which its state is judged.
-- KEYS  1 record     ARGV  1 now
return { int(clock(ARGV[1])), redis.call('HGETALL', KEYS[1]) }
