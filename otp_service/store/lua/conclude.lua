-- Stores the answer of a claimed request, or drops the claim when there is none to keep.
-- KEYS  1 idempotency key     ARGV  1 token  2 answer ('' drops)  3 ttl ms
if redis.call('HGET', KEYS[1], 'c') ~= ARGV[1] then return 'lost' end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'a', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 'done'
