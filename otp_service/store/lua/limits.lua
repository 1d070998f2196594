-- Limits. Up to 64: exact times, newest first, as one string; a list would take twice as much memory. Above, and for money: 61
-- counters of ceil(period / 60) ms, all counted in full, with their total `t`, oldest slot `o` and newest `n`; any window of one
-- period lies within 61 slots, so none ever holds more than the amount. look() reads, take() consumes, give() hands back. Of
-- money, `al` is the share of the amount that an alarm told of last, in percent.
local DIGITS = 13 -- of a time in ms; what stands in a string is found by its place

local function nth_time(times, n) return tonumber(string.sub(times, (n - 1) * DIGITS + 1, n * DIGITS)) end

local function look_exact(l)
  l.times = redis.call('GET', l.key) or ''
  local newest = nth_time(l.times, 1)
  if newest and newest > l.now then l.now = newest end
  if l.amount < 1 then return l.period end
  local nth = nth_time(l.times, l.amount)
  if nth and nth > l.now - l.period then return nth + l.period - l.now end
  return 0
end

local function slots(key, from, to)
  if to < from then return {} end
  local names = {}
  for i = from, to do names[#names + 1] = int(i) end
  return redis.call('HMGET', key, unpack(names))
end

local function look_slots(l)
  l.width = math.ceil(l.period / 60)
  l.slot = math.floor(l.now / l.width)
  local had = redis.call('HMGET', l.key, 't', 'o', 'n', 'al')
  l.total, l.oldest, l.newest = tonumber(had[1] or '0'), tonumber(had[2] or ''), tonumber(had[3] or '')
  l.told = tonumber(had[4] or '0')
  if not l.oldest then
    l.oldest, l.newest, l.gone_to = l.slot, l.slot, l.slot - 1
  else
    if l.newest > l.slot then l.slot = l.newest end
    l.gone_to = math.min(l.newest, l.slot - 61)
    for _, n in ipairs(slots(l.key, l.oldest, l.gone_to)) do l.total = l.total - tonumber(n or '0') end
  end
  l.first = l.gone_to >= l.newest and l.slot or math.max(l.oldest, l.gone_to + 1)
  local over = l.total + l.cost - l.amount
  if over <= 0 then return 0 end
  for i, n in ipairs(slots(l.key, l.first, l.newest)) do
    over = over - tonumber(n or '0')
    if over <= 0 then return math.max(1, (l.first + i - 1 + 61) * l.width - l.now) end
  end
  return l.period
end

local function look(l)
  if l.kind == 'e' then return look_exact(l) end
  return look_slots(l)
end

-- A ceiling tells once that half of it, that four fifths and that all of it is spent, and again only after it fell well below.
local ALARMS, BELOW = { 100, 80, 50 }, 0.1

local function spent(l)
  local total = l.total + l.cost
  if total + l.cost > l.amount then return 100 end -- there is no room for another like this one
  for _, share in ipairs(ALARMS) do
    if total * 100 >= share * l.amount then return share end
  end
  return 0
end

local function tell_spent(l)
  local share = l.cost > 0 and spent(l) or 0
  if share > l.told then
    l.alarm = share
  elseif share == l.told or l.total + l.cost > (l.told / 100 - BELOW) * l.amount then
    return
  end
  redis.call('HSET', l.key, 'al', int(share))
end

local function take(l)
  if l.kind == 'e' then
    l.mark = string.format('%0' .. DIGITS .. 'd', l.now)
    redis.call('SET', l.key, l.mark .. string.sub(l.times, 1, (l.amount - 1) * DIGITS), 'PX', int(l.period))
    return
  end
  redis.call('HINCRBY', l.key, int(l.slot), int(l.cost))
  if l.gone_to >= l.oldest then
    local names = {}
    for i = l.oldest, l.gone_to do names[#names + 1] = int(i) end
    redis.call('HDEL', l.key, unpack(names))
  end
  redis.call('HSET', l.key, 't', int(l.total + l.cost), 'o', int(l.first), 'n', int(l.slot))
  redis.call('PEXPIRE', l.key, int(l.period + 2 * l.width))
  if l.kind == 'm' then tell_spent(l) end
  l.mark = int(l.slot) .. (l.alarm and '!' .. int(l.alarm) .. '!' .. int(l.told) or '')
end

local function without(times, mark)
  for i = 1, #times, DIGITS do
    if string.sub(times, i, i + DIGITS - 1) == mark then return string.sub(times, 1, i - 1) .. string.sub(times, i + DIGITS) end
  end
  return times
end

local function give_exact(l, mark)
  local times = without(redis.call('GET', l.key) or '', mark)
  if times == '' then return redis.call('DEL', l.key) end
  redis.call('SET', l.key, times, 'KEEPTTL')
end

-- A mark is the time or slot that was taken, the alarm that it raised, which then was not told, and the one told before.
local function give(l, mark)
  local slot, alarm, told = string.match(mark, '^(%d+)!?(%d*)!?(%d*)$')
  mark = slot
  if alarm ~= '' and redis.call('HGET', l.key, 'al') == alarm then redis.call('HSET', l.key, 'al', told) end
  if l.kind == 'e' then
    give_exact(l, mark)
  elseif redis.call('HEXISTS', l.key, mark) == 1 then
    redis.call('HINCRBY', l.key, mark, int(-l.cost))
    redis.call('HINCRBY', l.key, 't', int(-l.cost))
  end
end

-- What of a limit that was looked at is left, for people and for the RateLimit header.
local function left(l)
  if l.kind ~= 'e' then return math.max(0, l.amount - l.total) end
  local n = 0
  for i = 1, #l.times / DIGITS do
    if nth_time(l.times, i) > l.now - l.period then n = n + 1 end
  end
  return math.max(0, l.amount - n)
end

-- Each limit is 6 arguments: refusal code, name, kind, amount, period ms, cost; its key stands at the same place in KEYS.
local function read_limits(first_key, first_arg, count, now)
  local all = {}
  for i = 0, count - 1 do
    local a = first_arg + i * 6
    all[i + 1] = { key = KEYS[first_key + i], code = ARGV[a], name = ARGV[a + 1], kind = ARGV[a + 2], now = now,
      amount = tonumber(ARGV[a + 3]), period = tonumber(ARGV[a + 4]), cost = tonumber(ARGV[a + 5]) }
  end
  return all
end

-- All rules are read before any refuses: the first in order gives the code, the longest wait is the one that is told.
-- `foreign` is the refusal of a limit in another slot, if there is one; those come after the number's own. The fifth of what is
-- answered is left for the reference of a refusal that is kept.
local function judge(refusals, limits, foreign)
  for _, l in ipairs(limits) do
    local wait = look(l)
    if wait > 0 then refusals[#refusals + 1] = { l.code, wait, l.name, l } end
  end
  refusals[#refusals + 1] = foreign
  if #refusals == 0 then return nil end
  local longest = 0
  for _, r in ipairs(refusals) do longest = math.max(longest, r[2]) end
  local answer = { 'refused', refusals[1][1], int(longest), refusals[1][3], '' }
  for _, l in ipairs(limits) do
    if l.name == 'application' then
      answer[#answer + 1] = int(l.amount)
      answer[#answer + 1] = int(l.period)
      answer[#answer + 1] = int(left(l))
    end
  end
  return answer
end

-- Tells of the ceilings that this send has brought to a share of their amount; `foreign` are those of other slots, as lines of
-- name, share, amount and key.
local function tell_alarms(facts, id, application, limits, foreign, now)
  local function tell(name, share, amount, key)
    local country = name == 'country' and string.match(key, ':(%w+)}')
    fact(facts, id .. ':' .. name .. share, 'alarm', now, string.format('"kind":"spend_%s","application":"%s","country":%s,' ..
      '"amount_micros":%s', share, application, country and '"' .. country .. '"' or 'null', amount))
  end
  for _, l in ipairs(limits) do
    if l.alarm then tell(l.name, int(l.alarm), int(l.amount), l.key) end
  end
  for name, share, amount, key in string.gmatch(foreign, '(%S+) (%d+) (%d+) (%S+)') do tell(name, share, amount, key) end
end
