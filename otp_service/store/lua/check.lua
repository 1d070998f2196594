-- Pays for a guess, then compares it; only the operation that approved hears `approved` again.
-- KEYS  1 record  2 failures  3 facts  4 conversions  5 what is to be repaid  6 refusals  then, if there is one, the idempotency key
-- Answers {'done', id, status, valid, reason, left, purpose, channel, approved at, envelope, message, failures}
--         {'replay', answer} | {'refused', code, wait ms, rule, reference} | {'none'} | {'shape'} | {'kid', kid}
local now = clock(ARGV[1])
local op, fingerprint, remember_ms, id = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local device, hard, failures_kept, most_devices = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local length, alphabets, lock_detail, guesses_kept = ARGV[10], ARGV[11], ARGV[12], tonumber(ARGV[13])
local detail, request, refused_detail, number_index, disabled = ARGV[14], ARGV[15], ARGV[16], ARGV[17], ARGV[18] ~= ''
local record, failures, facts, conversions, repay, refusals_log, idem = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]

if idem then
  local answer = remembered(idem, fingerprint)
  if answer then return answer end
end

local f = failures_of(failures, now, device, failures_kept)
local r = fields(record)

-- Locked by the ledger (`disabled`), or by what is counted here.
local function refuse()
  local who = string.format('{"asked_for":"check","purpose":%s,"person":{"number_index":"%s"},',
    r.pur and '"' .. r.pur .. '"' or 'null', r.nx or number_index)
  return { 'refused', 'destination_disabled', '0', 'lock',
    keep_refusal(refusals_log, now, 'destination_disabled', 'lock', 0, request, who .. string.sub(refused_detail, 2),
      { { scope = 'lock', rule = 'failures', amount = hard } }, 'enforce') }
end

if not r.id then return disabled and refuse() or { 'none' } end

local function say(answer)
  if idem then remember(idem, fingerprint, answer, remember_ms) end
  return answer
end

local MOST_GUESSES = 200 -- what the widest policy admits in the ten minutes for which they are kept
local REASONS = { approved = 'already_used', failed = 'max_attempts', expired = 'expired', canceled = 'canceled' }
local function ended(which, status, approved_at, operation, used, most)
  local mine = status == 'approved' and operation == op
  return say({ 'done', which, status, mine and '1' or '0', mine and '' or REASONS[status], mine and int(most - used) or '0', r.pur, r.ch,
    status == 'approved' and approved_at or '', r.env, r.mid, '0' })
end

-- A repeated operation hears what it heard, before any lock that it may itself have caused.
local function again(answer)
  touch(record)
  return answer
end
local guesses = list(r.guesses)
for _, g in ipairs(guesses) do
  if g[1] == op then return again({ 'done', g[3], g[4], '0', 'wrong_code', g[5], r.pur, r.ch, '', r.env, r.mid, g[6] }) end
end
local status = status_of(r, now)
local mine = id == '' or id == r.id
local before = list(r.ended)
if r.aop == op then return again(ended(r.id, status, r.aat, r.aop, r.used, r.max)) end
for _, e in ipairs(before) do
  if e[4] == op then return again(ended(e[1], e[2], e[3], e[4], e[8], e[9])) end
end

if disabled or f.all >= hard then
  if not disabled then lock_hard(failures, f, facts, now, r.id, r.nx, lock_detail) end
  return refuse()
end
if not mine then
  for _, e in ipairs(before) do
    if e[1] == id then return ended(id, e[2], e[3], e[4], e[8], e[9]) end
  end
  return { 'none' }
end

local alphabet, size = string.match(r.sh, '^(%a+):(%d+)$')
if size ~= length or not string.find(alphabets, ',' .. alphabet .. ',', 1, true) then return { 'shape' } end
if status ~= 'pending' then return ended(r.id, status, r.aat, r.aop, r.used, r.max) end

local digest
for i = 19, #ARGV, 2 do
  if ARGV[i] == r.kid then digest = ARGV[i + 1] end
end
if not digest then return { 'kid', r.kid } end

-- Paid for before it is looked at: two parallel guesses must cost two.
local used, most, n, sends = tonumber(r.used) + 1, tonumber(r.max), tonumber(r.tn) + 1, tonumber(r.snd)
redis.call('HSET', record, 'used', int(used), 'tn', int(n))
local answer
if digest == r.dg then
  redis.call('HSET', record, 'st', 'approved', 'aop', op, 'aat', int(now), 'since', int(now))
  forgive(failures, f, now, device, failures_kept, most_devices)
  verification_fact(facts, r.id, n, 'approved', 'approved', now, sends, used, detail)
  verified_code(conversions, r.rt)
  if r.tab and r.tab ~= '' then redis.call('XADD', repay, '*', 'v', r.id, 'b', r.tab) end
  answer = { 'done', r.id, 'approved', '1', '', int(most - used), r.pur, r.ch, int(now), r.env, r.mid, '0' }
else
  local after = used >= most and 'failed' or 'pending'
  if after == 'failed' then redis.call('HSET', record, 'st', 'failed', 'eat', int(now)) end
  local all = count_failure(failures, f, now, device, failures_kept)
  verification_fact(facts, r.id, n, after == 'failed' and 'failed' or 'guessed', after, now, sends, used, detail)
  warn_at_half(all, hard, facts, now, r.id, r.nx, lock_detail)
  if all >= hard then
    f.all = all
    lock_hard(failures, f, facts, now, r.id, r.nx, lock_detail)
  end
  table.insert(guesses, 1, { op, int(now), r.id, after, int(most - used), int(all) })
  while #guesses > MOST_GUESSES or now - tonumber(guesses[#guesses][2]) > guesses_kept do table.remove(guesses) end
  redis.call('HSET', record, 'guesses', cjson.encode(guesses))
  answer = { 'done', r.id, after, '0', 'wrong_code', int(most - used), r.pur, r.ch, '', r.env, r.mid, int(all) }
end
return say(answer)
