-- Claims an idempotency key for a request in flight; the same token knows its own claim again.
-- KEYS  1 idempotency key     ARGV  1 fingerprint  2 token  3 ttl ms
-- Answers {'done'} | {'replay', answer} | {'refused', code, '0', ''}
local had = redis.call('HMGET', KEYS[1], 'f', 'c', 'a')
if had[1] == ARGV[1] and had[2] == ARGV[2] and not had[3] then return { 'done' } end
local answer = remembered(KEYS[1], ARGV[1])
if answer then return answer end
redis.call('HSET', KEYS[1], 'f', ARGV[1], 'c', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return { 'done' }
