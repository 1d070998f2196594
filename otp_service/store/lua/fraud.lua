-- The brake: what scopes owe for codes that nobody typed, and what follows for one more send. docs/fraud.md has the reasons.
-- The state of a scope is one string of whole numbers: one MGET reads all scopes, and one SET keeps each with its TTL.
--   T      when it was last brought up to date, ms
--   D      debt, micros;  Y1 Y0  what is too young to be missed: sent in the slot before this one, and in this one
--   C      surplus: what typed codes paid beyond the debt; it decays, and is room
--   G      typed codes in thousandths, forgotten over days;  of a number: when its code was last typed, ms
--   S      of a prefix: CUSUM score, in hundredths;  Q QL  quarantined until, and for how long last;  W WL  watched, likewise,
--          WL negative once typed codes have ended a watch (repay.lua): the next one lasts;  L  when a code was last typed
--          K  typed codes of unknown numbers by then in thousandths, forgotten within the hour
--   M N    of the application: what its typed codes cost on average, micros, and of how many
--   LAST   of a block: the last number's last four digits, plus 1;  RUN  how many came in a row
-- Scopes are letters: n number  b block  p operator prefix  c country  a application  w client network (last, if it was told).
-- Of country and application only what is unproven counts: an unknown number of a prefix where hardly a code was ever typed.
local T, D, Y1, Y0, C, G, S, Q, QL, W, WL, L, K = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
local LAST, RUN = 7, 8
local M, N = 7, 8
local NAMES = { n = 'number', b = 'block', p = 'prefix', c = 'country', a = 'application', w = 'network' }
local WIDTH = { n = 6, b = 8, p = 13, c = 6, a = 8, w = 6 }
local NEAR = 16
local MANY = 10 -- times the codes by which a prefix is proven
-- Whoever is refused for what others did can't show to be honest. Of a million draws so many are only asked to solve
-- something: where the prefix itself owes nothing, and where it does.
local OPENINGS, PROBES = 500000, 200000
-- Pumpers choose what pays: what costs so many times as much as the codes that are typed here, as soon as some were.
local DEAR, SOME = 3, 20
-- In an outage people try again, and fewer sends than a few missing codes may be chance.
local HOUR, RETRIES, CHANCE = 3600000, 4, 3
local FADED = 4 -- times `growth_s`, after which a fiftieth of a surplus is left
local UNIT = 100000 -- an application's debt is counted in sends: a raid on a dear country must not shut the cheap ones
-- store/fraud.py gives them in this order: times in ms, amounts in micros at this send's price, scores in hundredths.
local BOUNDS = { 'price', 'answer', 'growth', 'growth_ms', 'memory', 'memory_ms', 'known_ms', 'known_owe', 'proven',
  'n_weak', 'n_strong', 'n_refill', 'b_weak', 'b_strong', 'b_refill', 'run_weak', 'run_strong', 'p_weak', 'p_refill',
  'w_weak', 'w_strong', 'w_refill', 'c_weak', 'c_pressed', 'c_strong', 'c_refill', 'a_weak', 'a_pressed', 'a_strong',
  'a_refill', 'pressed_owe', 'score', 'alarm', 'quarantine', 'quarantine_most', 'probes', 'watch', 'watch_most', 'kept' }

local function numbers(text)
  local a, n = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 0
  if text then
    for word in string.gmatch(text, '%S+') do
      n = n + 1
      a[n] = tonumber(word)
    end
  end
  return a
end

local function packed(letter, a)
  if WIDTH[letter] == 6 then return string.format('%d %d %d %d %d %d', a[1], a[2], a[3], a[4], a[5], a[6]) end
  if WIDTH[letter] == 8 then
    return string.format('%d %d %d %d %d %d %d %d', a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8])
  end
  return string.format('%d %d %d %d %d %d %d %d %d %d %d %d %d', a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10],
    a[11], a[12], a[13])
end

-- Brings a state up to date. Until it is written again that may be done as often as one likes.
local function roll(a, now, refill, m)
  local since = now - a[T]
  if since <= 0 then return end
  local slots = math.floor(now / m.answer) - math.floor(a[T] / m.answer)
  if slots == 1 then
    a[D], a[Y1], a[Y0] = a[D] + a[Y1], a[Y0], 0
  elseif slots > 1 then
    a[D], a[Y1], a[Y0] = a[D] + a[Y1] + a[Y0], 0, 0
  end
  a[D] = math.max(0, a[D] - refill * since)
  if a[C] > 0 then a[C] = a[C] * math.exp(-since / m.growth_ms) end
end

-- A pause in which nobody even asked is no outage: otherwise the people of a launch would excuse a raid days later.
local function pause(p, now)
  local idle = now - math.max(p[T], p[L]) - CHANCE * HOUR / math.max(1, p[K] / 1000)
  if p[L] > 0 and idle > 0 then p[L], p[K] = p[L] + idle, p[K] * math.exp(-idle / HOUR) end
end

local function roll_prefix(p, now, m)
  if p[Q] > 0 and p[Q] <= now and p[T] < p[Q] then p[S] = math.min(p[S], m.alarm / 2) end
  if p[Q] > 0 and now - p[Q] > m.quarantine_most then p[QL] = 0 end
  if p[W] > 0 and now - p[W] > m.quarantine_most then p[WL] = 0 end
end

-- How many sends an outage explains. A raid leaves the others typing: where nobody types although several should have by
-- now, as many sends as the usual people make are no evidence.
local function silence(p, now)
  if p[L] == 0 then return 0 end
  return RETRIES * math.max(0, p[K] / 1000 * math.min(1, (now - p[L]) / HOUR) - CHANCE)
end

local function read_brake(first_key, first_arg, now)
  local f = { letters = ARGV[first_arg], digits = tonumber(ARGV[first_arg + 2]), draw = tonumber(ARGV[first_arg + 3]),
    tab = ARGV[first_arg + 4], place = ARGV[first_arg + 5] .. ' ' .. ARGV[first_arg + 7], flags = ARGV[first_arg + 6], now = now, keys = {},
    reasons = {}, level = 0, quarantines = KEYS[first_key + #ARGV[first_arg]] }
  local m, n = {}, 0
  for word in string.gmatch(ARGV[first_arg + 1], '%S+') do
    n = n + 1
    m[BOUNDS[n]] = tonumber(word)
  end
  f.m = m
  for i = 1, #f.letters do f.keys[i] = KEYS[first_key + i - 1] end
  for i, text in ipairs(redis.call('MGET', unpack(f.keys))) do
    local letter = string.sub(f.letters, i, i)
    local a = numbers(text)
    f[letter] = a
    roll(a, now, m[letter .. '_refill'], m)
    if letter ~= 'n' and a[G] > 0 and now > a[T] then a[G] = a[G] * math.exp(-(now - a[T]) / m.memory_ms) end
    if letter == 'p' then roll_prefix(a, now, m) pause(a, now) end
    a[T] = math.max(a[T], now)
  end
  return f
end

local function owed(a) return a[D] + a[Y1] + a[Y0] end

-- How long a state says anything: once its debt is forgiven and its surplus has faded, a new one says the same. Codes are
-- remembered of prefixes, countries and applications alone, and of a number that it is known.
local function lasts(f, letter, a)
  local m, refill = f.m, f.m[letter .. '_refill']
  if letter == 'n' and a[G] > 0 then return m.known_ms end
  if refill == 0 or string.find('pca', letter, 1, true) then return m.kept end
  return math.min(m.kept, math.max(FADED * m.growth_ms, owed(a) / refill + 2 * m.answer))
end

-- In what time a scope owes so little that one more send is within `may`, if nobody asks meanwhile and no code is typed: at
-- the latest when it is forgotten. What typed codes lend it is left out, since that fades.
local function until_paid(f, letter, may)
  local a, price, refill = f[letter], letter == 'a' and UNIT or f.m.price, f.m[letter .. '_refill']
  if price > may then return math.huge end
  local forgotten = lasts(f, letter, a)
  return refill == 0 and forgotten or math.min(forgotten, math.max(1, (owed(a) + price - may) / refill))
end

-- A number whose code was typed before, and that owes little, is believed whatever others do to its prefix and country.
-- `wait` is in what time this is no reason any more, which the log tells; 0 where time alone does not help.
local function note(f, letter, rule, level, has, may, wait)
  if f.trusted and letter ~= 'n' then level = letter == 'w' and level - 1 or 0 end
  if f.silent > 0 and rule ~= 'sequence' and (letter == 'b' or letter == 'w') then level = level - 1 end
  if level < 1 then return end
  table.insert(f.reasons, level > f.level and 1 or #f.reasons + 1,
    string.format('%s %s %d %d %d %d', NAMES[letter], rule, level, has, may, wait < math.huge and math.ceil(wait) or 0))
  f.level = math.max(f.level, level)
end

-- `weak` counts what is young too, `strong` only what should have been answered by now; `calm` is `weak` without pressure.
local function weigh_bucket(f, letter, weak, strong, calm)
  local a, price = f[letter], letter == 'a' and UNIT or f.m.price
  local room, base = letter == 'n' and 0 or f.m.growth * a[C], weak
  if letter == 'p' then weak = weak + f.silent * price end
  if strong and a[D] + price > strong + room then
    note(f, letter, 'dead', f.probes and 1 or 2, a[D], strong + room, until_paid(f, letter, strong))
  elseif owed(a) + price > weak + room / 3 then -- to be asked costs people little: it comes early
    local eases = calm and math.max(f.eases, until_paid(f, letter, calm)) or until_paid(f, letter, base)
    note(f, letter, 'owed', 1, owed(a), weak + room / 3, eases)
  end
end

-- What all attacks together owe refuses nobody in a country where a code was typed: what is owed there is enough to go by.
local function only_asked(f, letter)
  if letter == 'a' and (f.cheap or f.c[G] > 0) then return true end
  return f.draw < (f.p[D] < f.m.price and OPENINGS or PROBES)
end

local function weigh_crowd(f, letter)
  local m = f.m
  local price = letter == 'a' and UNIT or m.price
  if f[letter][D] > m[letter .. '_pressed'] + m.growth * f[letter][C] then
    f.pressed, f.eases = true, math.max(f.eases, until_paid(f, letter, m[letter .. '_pressed'] + price))
  end
  if not f.unproven then return end
  f.probes = only_asked(f, letter)
  weigh_bucket(f, letter, m[letter .. '_weak'], m[letter .. '_strong'])
  f.probes = false
end

local function weigh_block(f)
  local b, m, weak, strong = f.b, f.m, f.m.b_weak, f.m.b_strong
  local apart = b[LAST] > 0 and math.abs(f.digits - (b[LAST] - 1)) or 10000
  f.run = apart == 0 and math.max(1, b[RUN]) or apart <= NEAR and b[RUN] + 1 or 1 -- who tries again is no sequence
  if f.p[G] >= m.proven then strong = 2 * strong end -- in a dense block an hour's outage leaves many codes untyped
  if f.run >= m.run_weak then
    strong = math.min(strong, m.run_strong)
    note(f, 'b', 'sequence', 1, f.run, m.run_weak, lasts(f, 'b', b))
  end
  weigh_bucket(f, 'b', weak, strong)
end

local function weigh_prefix(f)
  local p, m = f.p, f.m
  local weak, calm = m.p_weak, nil
  local pressed = f.pressed and f.unproven
  local eases = pressed and math.min(f.eases, until_paid(f, 'p', m.pressed_owe)) or 0 -- from the refusal under pressure
  if p[Q] > f.now then
    f.quarantined = true
    -- A prefix with many people has its own pay for the raid on it: a part of those who solve a challenge get through.
    local asked = p[G] >= MANY * m.proven and f.draw < PROBES
    if f.draw >= m.probes then note(f, 'p', 'quarantine', asked and 1 or 2, p[S], m.alarm, math.max(p[Q] - f.now, eases)) end
    return
  end
  if p[W] > f.now and f.silent == 0 then note(f, 'p', 'watched', 1, p[S], m.alarm, p[W] - f.now) end
  if pressed then
    weak, calm = 0, weak
    local may = m.pressed_owe + m.growth * p[C]
    if p[D] + m.price > may then note(f, 'p', 'dead', f.draw < PROBES and 1 or 2, p[D], may, eases) end
  end
  weigh_bucket(f, 'p', weak, nil, calm)
end

local function weigh_network(f)
  local weak, strong, calm = f.m.w_weak, f.m.w_strong, nil
  if f.pressed and f.unproven then weak, strong, calm = 0, math.min(strong, 2 * f.m.pressed_owe), weak end
  weigh_bucket(f, 'w', weak, strong, calm)
end

-- What is dear meets an application under pressure from its first send on; what is cheap is never worth a refusal by all.
local function weigh_price(f)
  local usual = f.a[N] >= SOME and f.a[M]
  f.dear = usual and f.m.price > DEAR * usual
  f.cheap = usual and f.m.price <= usual
  f.pressed, f.eases = f.dear, f.dear and math.huge or 0
end

-- What the scopes say to one more send: level 0 nothing, 1 weak evidence, 2 strong evidence.
local function weigh(first_key, first_arg, now)
  local f = read_brake(first_key, first_arg, now)
  local n, m = f.n, f.m
  local known = n[G] > 0 and now - n[G] < m.known_ms
  f.trusted = known and owed(n) + m.price <= m.known_owe
  f.unproven = not known and f.p[G] < m.proven
  weigh_price(f)
  f.silent = f.dear and 0 or silence(f.p, now)
  weigh_bucket(f, 'n', m.n_weak, m.n_strong)
  weigh_crowd(f, 'a')
  weigh_crowd(f, 'c')
  weigh_block(f)
  weigh_prefix(f)
  if f.w then weigh_network(f) end
  return f
end

local ASK, SOLVED, LET = 'c', 's', 'l' -- a challenge can be asked for; one was solved; decide, but let pass

local function has(f, flag) return string.find(f.flags, flag, 1, true) ~= nil end

-- Where nothing can be asked, weak evidence lets pass: a refusal would punish people for what only looks odd.
local function verdict(f, solved)
  if f.level == 2 then return 'deny' end
  if f.level == 1 and has(f, ASK) and not solved then return 'challenge' end
  return 'allow'
end

local function longer(last, first, most) return math.min(most, last > 0 and last * 2 or first) end

local function score(f)
  local p, m = f.p, f.m
  if f.trusted then return end -- a few phones of one's own would write off any score
  p[S] = p[S] + m.score
  if f.quarantined then
    p[S] = math.min(p[S], m.alarm)
    return
  end
  local young = (p[Y1] + p[Y0]) / m.price + f.silent
  local growth = f.dear and m.growth or 2 * m.growth -- what is lost by the cheap is less than who is
  local room = growth * p[C] / m.price + m.memory * p[G] / 1000
  if p[S] < m.alarm + m.score * young then return end
  if p[S] >= m.alarm + m.score * (young + room) then
    p[QL] = longer(p[QL], m.quarantine, m.quarantine_most)
    p[Q] = f.now + p[QL]
    redis.call('ZADD', f.quarantines, int(p[Q]), f.place)
    redis.call('ZREMRANGEBYSCORE', f.quarantines, '-inf', int(f.now))
    redis.call('PEXPIRE', f.quarantines, int(m.kept))
    f.alarm = p[QL]
  elseif p[W] <= f.now then
    local last = longer(math.abs(p[WL]), m.watch, m.watch_most)
    p[W], p[WL] = f.now + last, p[WL] < 0 and -last or last
  end
end

-- Charges a send to its scopes, and answers its tab: by it a typed code repays them (repay.lua). It begins with `u` if it was
-- unproven, `k` if its number is trusted, otherwise `p`.
local function charge(f)
  for i = 1, #f.letters do
    local letter = string.sub(f.letters, i, i)
    local a = f[letter]
    if f.unproven or (letter ~= 'c' and letter ~= 'a') then
      a[Y0] = a[Y0] + (letter == 'a' and UNIT or f.m.price)
      if letter == 'b' then a[LAST], a[RUN] = f.digits + 1, f.run end
      if letter == 'p' then score(f) end
      redis.call('SET', f.keys[i], packed(letter, a), 'PX', int(lasts(f, letter, a)))
    end
  end
  return (f.unproven and 'u ' or f.trusted and 'k ' or 'p ') .. f.tab
end

-- Pays off a debt, the oldest first, and answers what is left over.
local function pay(a, amount)
  for i = D, Y0 do
    local part = math.min(a[i], amount)
    a[i], amount = a[i] - part, amount - part
  end
  return amount
end
