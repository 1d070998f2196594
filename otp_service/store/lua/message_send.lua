-- Queues a message of its own, or schedules it; refuses before it changes anything.
-- KEYS  1 record  2 outbox  3 due set  4 held entries  5 facts  6 refusals  7.. one per limit  then, as far as there are any: its
--       reference, the record of the message that had the reference before, the idempotency key
-- ARGV  names below, then 6 per limit (limits.lua)
-- Answers {'done', id, created, send at or '', expires, encoding, segments, price} | {'replay', answer}
--         {'taken', id}: the reference names this message, whose record must come along
--         {'refused', code, wait ms, rule, reference, (application limit: amount, period, left)...}; `conflict` has no reference
local now = clock(ARGV[1])
local fingerprint, remember_ms = ARGV[2], ARGV[3]
local id, send_at, valid, kept, stream = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local application, realm, class, digest, before, has_key = ARGV[9], ARGV[10], ARGV[11], ARGV[12], ARGV[13], ARGV[14]
local envelope, request, price, encoding, segments, detail = ARGV[15], ARGV[16], ARGV[17], ARGV[18], ARGV[19], ARGV[20]
local more_detail = ARGV[21]
local foreign_code, foreign_wait, foreign_name, foreign_alarms = ARGV[22], tonumber(ARGV[23]), ARGV[24], ARGV[25]
local count = tonumber(ARGV[26])
local record, outbox, due, held, facts, refusals_log = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]

local following = 6 + count
local function next_key(there)
  if not there then return nil end
  following = following + 1
  return KEYS[following]
end
local reference, old_record, idem = next_key(digest ~= ''), next_key(before ~= ''), next_key(has_key ~= '')

if idem then
  local answer = remembered(idem, fingerprint)
  if answer then return answer end
end
local r = fields(record)
if r.id then -- this call's own repeat after a lost reply: nobody else knows the id
  touch(record)
  return { 'done', id, r.cr, r.at, r.exp, encoding, segments, price }
end
local named = reference and redis.call('GET', reference)
if named then
  if named ~= before then return { 'taken', named } end
  if not is_over(fields(old_record), before, now) then return { 'refused', 'conflict', '0', '' } end
end

local refusals, limits = {}, read_limits(7, 27, count, now)
local refused = judge(refusals, limits, foreign_code ~= '' and { foreign_code, foreign_wait, foreign_name } or nil)
if refused then
  refused[5] = keep_refusal(refusals_log, now, refused[2], refused[4], refused[3], request,
    '{"asked_for":"message",' .. string.sub(detail, 2), evidence_of_limits(refusals), 'enforce')
  return refused
end

for _, l in ipairs(limits) do take(l) end
local at = send_at and send_at > now and send_at or nil
local expires = (at or now) + valid
local said = at and int(at) or ''
redis.call('HSET', record, 'id', id, 'st', 'pending', 'exp', int(expires), 'ap', application, 're', realm, 'cl', class,
  'cr', int(now), 'at', said, 'rf', digest, 'env', envelope)
if reference then redis.call('SET', reference, id) end
keep_message(record, reference, expires, now, kept)
local entry = { 'v', '1', 'm', id, 'i', '', 'k', '', 'c', '', 'd', int(expires), 'e', envelope, 'r', request,
  'q', int(at or now), 'p', price }
if at then
  redis.call('ZADD', due, said, '@' .. id)
  redis.call('HSET', held, id, cjson.encode({ stream, unpack(entry) }))
else
  redis.call('XADD', outbox, '*', unpack(entry))
end
fact(facts, id .. ':1', 'message', now,
  string.format('"id":"%s","n":1,"verification":null,"status":"%s","send_at_ms":%s,"deadline_ms":%d,', id,
    at and 'scheduled' or 'queued', at and said or 'null', expires) .. string.sub(more_detail, 2, -2), detail)
tell_alarms(facts, id, application, limits, foreign_alarms, now)

local answer = { 'done', id, int(now), said, int(expires), encoding, segments, price }
if idem then remember(idem, fingerprint, answer, remember_ms) end
return answer
