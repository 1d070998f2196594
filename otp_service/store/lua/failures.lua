-- Failures of one subject, over all its verifications and purposes (NIST SP 800-63B-4, 3.2.2): a hash.
--   all at        consecutive failures and the last one's time
--   s sa          those of strangers;  d:<device> da:<device>  those of a device that is known
--   k:<device>    when this device last approved: it is known for 90 days
--   lk            set once the hard lock's fact was written
local function failures_of(key, now, device, keep)
  local f = fields(key)
  local fresh = f.at and now - tonumber(f.at) < keep
  local known = device ~= '' and f['k:' .. device] and now - tonumber(f['k:' .. device]) < keep
  local count, at
  if known then count, at = f['d:' .. device], f['da:' .. device] else count, at = f.s, f.sa end
  if not fresh then return { all = 0, known = known, count = 0, at = 0, map = f, stale = f.at } end
  return { all = tonumber(f.all or '0'), known = known, count = tonumber(count or '0'), at = tonumber(at or '0'), map = f }
end

local function lock_wait(f, now, from, base, most)
  if f.count < from then return 0 end
  local delay = math.min(most, base * 2 ^ math.min(f.count - from, 30))
  return math.max(0, f.at + delay - now)
end

local function counts_in(map)
  local names = { 'all', 'at', 's', 'sa', 'lk' }
  for name in pairs(map) do
    if string.sub(name, 1, 2) == 'd:' or string.sub(name, 1, 3) == 'da:' then names[#names + 1] = name end
  end
  return names
end

local function count_failure(key, f, now, device, keep)
  local who, when = 's', 'sa'
  if f.stale then redis.call('HDEL', key, unpack(counts_in(f.map))) end
  if f.known then who, when = 'd:' .. device, 'da:' .. device end
  redis.call('HSET', key, 'all', int(f.all + 1), 'at', int(now), who, int(f.count + 1), when, int(now))
  redis.call('PEXPIRE', key, int(keep))
  return f.all + 1
end

local function forgive(key, f, now, device, keep, most_devices)
  local gone, devices = counts_in(f.map), 0
  for name, value in pairs(f.map) do
    if string.sub(name, 1, 2) == 'k:' then
      if now - tonumber(value) >= keep then gone[#gone + 1] = name else devices = devices + 1 end
    end
  end
  redis.call('HDEL', key, unpack(gone))
  if device ~= '' and (f.known or devices < most_devices) then redis.call('HSET', key, 'k:' .. device, int(now)) end
  if redis.call('EXISTS', key) == 1 then redis.call('PEXPIRE', key, int(keep)) end
end

-- Half of what NIST SP 800-63B-4 allows: somebody is told before the number is out (service/check.py counts it as an alarm).
local ALARM_AT = 50
local function warn_at_half(all, hard, facts, now, id, number_index, detail)
  if all ~= ALARM_AT or all >= hard then return end
  fact(facts, id .. ':failures' .. int(all), 'failures', now,
    string.format('"failures":%d,"person":{"number_index":"%s"}', all, number_index), detail)
end

-- The lock is a truth of the ledger: its fact is written once, also where a lowered policy locks what was counted before.
local function lock_hard(key, f, facts, now, id, number_index, detail)
  if f.map.lk then return end
  redis.call('HSET', key, 'lk', '1')
  fact(facts, id .. ':lock' .. int(f.all), 'lock', now,
    string.format('"failures":%d,"person":{"number_index":"%s"}', f.all, number_index), detail)
end
