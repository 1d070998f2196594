-- Cancels a message that no provider has yet. One that waits for its time is taken out at once; one in the outbox is
-- dropped by the courier, who tells what became of it: if he is asking a provider just now, that answer counts.
-- KEYS  1 record  2 due set  3 held entries  4 facts
-- ARGV  1 now  2 id  3 details of the fact
-- Answers {'done', now, {field, value, ...}} | {'none'} | {'refused'}: a provider has it, or it has ended
local now, id = clock(ARGV[1]), ARGV[2]
local record, due, held, facts = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local r = fields(record)
if not r.id then return { 'none' } end
if r.st == 'canceled' then
  touch(record)
elseif not is_ours(r, id, now) then
  return { 'refused' }
else
  redis.call('HSET', record, 'st', 'canceled')
  if redis.call('ZREM', due, '@' .. id) == 1 then
    redis.call('HDEL', held, id)
    redis.call('HSET', record, 'm:' .. id, '5|canceled||canceled|' .. int(now))
    fact(facts, id .. ':5', 'message', now,
      string.format('"id":"%s","n":5,"verification":null,"status":"canceled","reason":"canceled"', id), ARGV[3])
  end
end
return { 'done', int(now), redis.call('HGETALL', record) }
