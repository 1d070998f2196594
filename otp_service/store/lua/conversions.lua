-- Codes that providers accepted and people typed, per provider and country, in slots of five minutes: a hash.
--   <slot>|<provider>|<country>|s    codes accepted in that slot
--   <slot>|<provider>|<country>|c    those of them that were verified since
-- The record's field `rt` names the slot and route of the newest message, so that its verification counts where it was sent.
local SLOT_MS = 300000
local CONVERSIONS_KEPT_MS = 3 * 3600000
local MOST_FIELDS = 20000 -- couriers remove what is over; where none of them runs, nothing is sent and nothing added

local function sent_code(key, record, message, provider, country, now)
  if redis.call('HGET', record, 'mid') ~= message then return end
  local route = string.format('%d|', math.floor(now / SLOT_MS)) .. provider .. '|' .. country
  redis.call('HSET', record, 'rt', route)
  if redis.call('HLEN', key) < MOST_FIELDS then
    redis.call('HINCRBY', key, route .. '|s', 1)
    redis.call('PEXPIRE', key, CONVERSIONS_KEPT_MS)
  end
end

local function verified_code(key, route)
  if route and redis.call('HEXISTS', key, route .. '|s') == 1 then redis.call('HINCRBY', key, route .. '|c', 1) end
end
