-- Cancels the live verification of this id; one that was canceled before stays so.
-- KEYS  1 record  2 facts     ARGV  1 now  2 id  3 details of the fact
-- Answers {'done'} | {'none'} | {'refused', 'not_pending', '0', ''}
local now, id = clock(ARGV[1]), ARGV[2]
local r = fields(KEYS[1])
if not r.id then return { 'none' } end
if r.id ~= id then
  for _, e in ipairs(list(r.ended)) do
    if e[1] == id then return e[2] == 'canceled' and { 'done' } or { 'refused', 'not_pending', '0', '' } end
  end
  return { 'none' }
end
local status = status_of(r, now)
if status == 'canceled' then
  touch(KEYS[1])
  return { 'done' }
end
if status ~= 'pending' then return { 'refused', 'not_pending', '0', '' } end
local n = tonumber(r.tn) + 1
redis.call('HSET', KEYS[1], 'st', 'canceled', 'eat', int(now), 'tn', int(n))
verification_fact(KEYS[2], id, n, 'canceled', 'canceled', now, tonumber(r.snd), tonumber(r.used), ARGV[3])
return { 'done' }
