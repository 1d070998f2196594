-- A code was typed: its scopes are repaid, its number is known. Entries of a cell come in order, so the newest that was repaid
-- tells all: a repeat, and another courier with the same entries, change nothing.
-- KEYS  1 newest repaid, by cell  2 quarantines  3 number  4 block  5 prefix  6 country  7 application  then networks
-- ARGV  1 now  2 cell  3 entry's ms  4 its sequence  5 `u` if it was unproven, `k` if its number was trusted  6 price
--       7 what a code pays  8 its score  9 known for ms  10 kept for ms  11 prefix in clear and country  12 score of a send
--       then what each network is paid
-- Answers 1, or 0 where it was repaid before
local now, known, kept = clock(ARGV[1]), tonumber(ARGV[9]), tonumber(ARGV[10])
local ms, seq, price, pays = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[6]), tonumber(ARGV[7])
local last_ms, last_seq = string.match(redis.call('HGET', KEYS[1], ARGV[2]) or '0-0', '(%d+)-(%d+)')
last_ms, last_seq = tonumber(last_ms), tonumber(last_seq)
if ms < last_ms or ms == last_ms and seq <= last_seq then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3] .. '-' .. ARGV[4])
-- A day at least: with a short memory a courier that comes back would pay twice.
redis.call('PEXPIRE', KEYS[1], int(math.max(kept, 86400000)))

local states = redis.call('MGET', unpack(KEYS, 3))

local RECENT = 200 -- codes whose price is what is usual

local function repay(a, amount)
  a[C], a[G] = a[C] + pay(a, amount), a[G] + 1000
end

local function keep(i, letter, a) redis.call('SET', KEYS[2 + i], packed(letter, a), 'KEEPTTL') end

-- The silence ends: what an outage explains is written off. A trusted number's code earns no room and explains no outage: an
-- attacker's own few phones would do as much as many people.
local function repay_prefix(p)
  local silent = silence(p, now)
  pay(p, silent * price)
  local others = 1000
  if ARGV[5] == 'k' then
    pay(p, pays)
    p[G], others = p[G] + 1000, 0
  else
    repay(p, pays)
    p[S] = math.max(0, p[S] - tonumber(ARGV[8]) - silent * tonumber(ARGV[12]))
  end
  p[L], p[K] = now, p[K] * math.exp(-math.max(0, now - p[L]) / HOUR) + others
end

local number = numbers(states[1])
pay(number, pays)
number[T], number[G] = math.max(number[T], now), now
redis.call('SET', KEYS[3], packed('n', number), 'PX', int(known))

if states[2] then
  local block = numbers(states[2])
  repay(block, pays)
  block[RUN] = 0
  keep(2, 'b', block)
end
if states[3] then
  local prefix = numbers(states[3])
  repay_prefix(prefix)
  if prefix[S] == 0 and prefix[Q] > now then
    prefix[Q] = now
    redis.call('ZREM', KEYS[2], ARGV[11])
  end
  if prefix[S] == 0 and prefix[W] > now and prefix[WL] > 0 then prefix[W], prefix[WL] = now, -prefix[WL] end
  keep(3, 'p', prefix)
end
if states[4] and ARGV[5] == 'u' then
  local country = numbers(states[4])
  repay(country, pays)
  keep(4, 'c', country)
end
local application = numbers(states[5])
if states[5] and ARGV[5] == 'u' then repay(application, pays / price * UNIT) end
application[N] = math.min(application[N] + 1, RECENT)
application[M] = application[M] + (price - application[M]) / application[N]
redis.call('SET', KEYS[7], packed('a', application), 'PX', int(kept))
for i = 8, #KEYS do
  local text = states[i - 2]
  if text then
    local network = numbers(text)
    repay(network, tonumber(ARGV[5 + i]))
    keep(i - 2, 'w', network)
  end
end
return 1
