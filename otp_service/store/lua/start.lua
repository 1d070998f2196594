-- Opens a verification, or sends the live one again; refuses before it changes anything.
-- KEYS  1 record  2 failures  3 outbox  4 facts  5 refusals  6.. one per limit  then those of the brake if it judges here: one
--       per scope and the quarantines; then, as far as there are any: the solution of a challenge, the idempotency key
-- ARGV  names below, then 6 per limit (limits.lua), then those of the brake (fraud.lua). `mode` is empty without a brake, and
--       `judged` what it said in another slot: {level, tab, quarantined for ms, reasons}
-- Answers {'done', id, new, created, expires, resend after, sends, guesses left, message, channel, what the brake decided: '',
--         'allow', 'solved' (a challenge was asked for and solved), or in shadow 'challenge' or 'deny'}
--         {'known', ...} the same without the last, of an operation seen before | {'replay', answer} | {'kid', kid}
--         {'refused', code, wait ms, rule, reference, (application limit: amount, period, left)...}
local now = clock(ARGV[1])
local op, fingerprint, remember_ms, only = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local id, kid, digest, bound = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local purpose, channel, shape, number_index = ARGV[10], ARGV[11], ARGV[12], ARGV[13]
local ttl, max_attempts, max_sends, resend_after = tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])
local device, hard, lock_from, lock_base, lock_most = ARGV[18], tonumber(ARGV[19]), tonumber(ARGV[20]), tonumber(ARGV[21]), tonumber(ARGV[22])
local failures_kept, record_kept, fresh_ms = tonumber(ARGV[23]), tonumber(ARGV[24]), tonumber(ARGV[25])
local message, envelope, request, price = ARGV[26], ARGV[27], ARGV[28], ARGV[29]
local detail, more_detail, message_detail = ARGV[30], ARGV[31], ARGV[32]
local foreign_code, foreign_wait, foreign_name, foreign_alarms = ARGV[33], tonumber(ARGV[34]), ARGV[35], ARGV[36]
local kids, lock_detail, application, mode, judged, solved_ms = ARGV[37], ARGV[38], ARGV[39], ARGV[40], ARGV[41], ARGV[42]
local count = tonumber(ARGV[43])
local record, failures, outbox, facts, refusals_log = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local brake_key, brake_arg = 6 + count, 44 + count * 6
local following = brake_key + (mode ~= '' and judged == '' and #ARGV[brake_arg] + 1 or 0)
local solved_key = solved_ms ~= '' and KEYS[following] or nil
local idem = KEYS[solved_key and following + 1 or following]

if idem then
  local answer = remembered(idem, fingerprint)
  if answer then return answer end
end

local r = fields(record)
local sends = list(r.sends)
local function answer_of(s)
  return { 'done', s[3], s[8], s[7], s[6], int(tonumber(s[2]) + resend_after), s[4], s[5], s[9], r.ch or channel }
end
for _, s in ipairs(sends) do
  if s[1] == op then
    local answer = answer_of(s)
    touch(record)
    if s[9] ~= message then answer[1] = 'known' end -- by another call; else this call's own repeat after a lost reply
    return answer
  end
end

local live = r.id and status_of(r, now) == 'pending'
if only ~= '' and not (live and r.id == only) then return { 'refused', 'not_pending', '0', '' } end

local function refuse(answer, evidence)
  answer[5] = keep_refusal(refusals_log, now, answer[2], answer[4], answer[3], request, detail, evidence, 'enforce')
  return answer
end

local refusals = {}
local f = failures_of(failures, now, device, failures_kept)
if f.all >= hard then
  lock_hard(failures, f, facts, now, id, number_index, lock_detail)
  return refuse({ 'refused', 'destination_disabled', '0', 'lock' }, { { scope = 'lock', rule = 'failures', amount = hard } })
end
local locked = lock_wait(f, now, lock_from, lock_base, lock_most)
if locked > 0 then refusals[1] = { 'destination_locked', locked, 'lock' } end

local since, window = tonumber(r.since or '0'), math.max(ttl, resend_after)
local recent, kept = {}, {}
for _, s in ipairs(sends) do
  local at = tonumber(s[2])
  if now - at < math.max(window, 600000) then kept[#kept + 1] = s end
  if at > since and now - at < ttl then recent[#recent + 1] = at end
end
local last = sends[1] and tonumber(sends[1][2])
if last and last > since and now - last < resend_after then
  refusals[#refusals + 1] = { 'resend_too_soon', last + resend_after - now, 'resend' }
end
if #recent >= max_sends then
  refusals[#refusals + 1] = { 'max_sends', recent[max_sends] + ttl - now, 'sends' }
end
local foreign = foreign_code ~= '' and { foreign_code, foreign_wait, foreign_name } or nil
local limits = read_limits(6, 44, count, now)
local refused = judge(refusals, limits, foreign)
if refused then return refuse(refused, evidence_of_limits(refusals)) end

local again = live and r.bd == bound and tonumber(r.exp) - now >= fresh_ms
-- Its code can't be made any more: a message that never arrives must not be promised.
if again and not string.find(kids, ',' .. r.kid .. ',', 1, true) then return { 'kid', r.kid } end

local CODES = { challenge = 'challenge_required', deny = 'refused_as_fraud' }
local brake, used_up, decision
if mode ~= '' then
  brake = judged ~= '' and cjson.decode(judged) or weigh(brake_key, brake_arg, now)
  brake.flags = ARGV[brake_arg + 6]
  used_up = solved_key and redis.call('EXISTS', solved_key) == 1
  decision = verdict(brake, solved_key and not used_up)
  if decision ~= 'allow' then
    local first = string.match(brake.reasons[1], '^(%S+ %S+)')
    local evidence = evidence_of_brake(brake.reasons)
    local kept = keep_refusal(refusals_log, now, CODES[decision], first, wait_of_brake(evidence, brake.level), request, detail,
      evidence, mode)
    if mode == 'enforce' then return { 'refused', CODES[decision], '0', first, kept } end -- how long is told to admins alone
  elseif verdict(brake, false) == 'challenge' then
    decision = 'solved'
  end
end

-- The tabs of the sends of one code; of a send that the brake did not judge there is none.
local function joined(before, after)
  if not before or before == '' then return after end
  return after == '' and before or before .. '\n' .. after
end

-- What a full Redis refuses (HSET, SET, XADD) comes before what it lets pass (HDEL), here and in take(): a script that has
-- written once is let go on.
for _, l in ipairs(limits) do take(l) end
local tab = ''
if brake then
  tab = brake.tab
  if judged == '' then tab = charge(brake) end
  if brake.level == 1 and solved_key and not used_up then redis.call('SET', solved_key, '1', 'PX', solved_ms) end
end
local new, used, sent, created, expires, n = '1', 0, 1, now, now + ttl, 1
if again then
  id, kid, shape, new = r.id, r.kid, r.sh, '0'
  used, sent = tonumber(r.used), tonumber(r.snd) + 1
  created, expires, n = tonumber(r.cr), tonumber(r.exp), tonumber(r.tn) + 1
  max_attempts = tonumber(r.max)
else
  local ended = list(r.ended)
  if r.id then ended = retire(r, now, ended) end
  if live then
    verification_fact(facts, r.id, tonumber(r.tn) + 1, 'canceled', 'canceled', now, tonumber(r.snd), tonumber(r.used),
      string.format('{"request":"%s"}', request))
    if r.bd == bound then used, sent = math.min(tonumber(r.used), max_attempts - 1), tonumber(r.snd) + 1 end
  end
  redis.call('HSET', record, 'id', id, 'kid', kid, 'dg', digest, 'st', 'pending', 'pur', purpose, 'sh', shape, 'bd', bound,
    'nx', number_index, 'cr', int(created), 'exp', int(expires), 'max', int(max_attempts), 'used', int(used))
  redis.call('HDEL', record, 'aop', 'aat', 'eat', 'rt')
  if #ended > 0 then redis.call('HSET', record, 'ended', cjson.encode(ended)) end
end

local send = { op, int(now), id, int(sent), int(max_attempts - used), int(expires), int(created), new, message }
table.insert(kept, 1, send)
r.ch = channel
local wanted = {}
for _, s in ipairs(kept) do wanted['m:' .. s[9]] = true end
redis.call('HSET', record, 'ch', channel, 'tn', int(n), 'snd', int(sent), 'env', envelope, 'mid', message, 'sends', cjson.encode(kept),
  'tab', again and joined(r.tab, tab) or tab)
for name in pairs(r) do
  if string.sub(name, 1, 2) == 'm:' and not wanted[name] then redis.call('HDEL', record, name) end
end
keep_record(record, expires, now, record_kept)
redis.call('XADD', outbox, '*', 'v', '1', 'm', message, 'i', id, 'k', kid, 'c', shape, 'd', int(expires), 'e', envelope,
  'r', request, 'q', int(now), 'p', price)
verification_fact(facts, id, n, new == '1' and 'started' or 'resent', 'pending', now, sent, used,
  string.format('{"created_ms":%d,"expires_ms":%d,"message":"%s",', created, expires, message) ..
    string.sub(more_detail, 2, -2) .. ',' .. string.sub(detail, 2))
fact(facts, message .. ':1', 'message', now,
  string.format('"id":"%s","n":1,"verification":"%s","status":"queued"', message, id), message_detail)
tell_alarms(facts, message, application, limits, foreign_alarms, now)
if brake and brake.alarm then
  fact(facts, message .. ':quarantine', 'alarm', now, string.format('"kind":"quarantine","application":"%s","prefix":"%s",' ..
    '"country":"%s","for_ms":%d', application, ARGV[brake_arg + 5], ARGV[brake_arg + 7], brake.alarm))
end

local answer = answer_of(send)
answer[11] = decision or ''
if idem then remember(idem, fingerprint, answer, remember_ms) end
return answer
