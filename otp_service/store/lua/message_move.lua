-- Moves a scheduled message to another time; how long it is valid moves along.
-- KEYS  1 record  2 due set  3 held entries  4 facts  5 its reference, if it has one
-- ARGV  1 now  2 id  3 send at  4 how long the record is kept after the deadline, ms
-- Answers {'done', now, {field, value, ...}} | {'none'} | {'refused'}: it waits no more
local now, id, kept = clock(ARGV[1]), ARGV[2], tonumber(ARGV[4])
local record, due, held, facts, reference = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local r = fields(record)
if not r.id then return { 'none' } end
local entry = redis.call('HGET', held, id)
if not is_ours(r, id, now) or not entry or not redis.call('ZSCORE', due, '@' .. id) then return { 'refused' } end

local at = math.max(now, tonumber(ARGV[3]))
local expires = at + tonumber(r.exp) - tonumber(r.at)
local list = cjson.decode(entry)
for place = 2, #list, 2 do
  if list[place] == 'd' then list[place + 1] = int(expires) end
  if list[place] == 'q' then list[place + 1] = int(at) end
end
redis.call('HSET', record, 'at', int(at), 'exp', int(expires))
redis.call('HSET', held, id, cjson.encode(list))
redis.call('ZADD', due, int(at), '@' .. id)
keep_message(record, reference, expires, now, kept)
fact(facts, id .. ':1', 'message', now,
  string.format('"id":"%s","n":1,"verification":null,"status":"scheduled","send_at_ms":%d,"deadline_ms":%d,"moved_ms":%d',
    id, at, expires, now))
return { 'done', int(now), redis.call('HGETALL', record) }
