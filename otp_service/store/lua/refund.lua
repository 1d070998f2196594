-- Takes a charge of the brake back, of a send that did not go out; sent once and never repeated.
-- KEYS  one per scope that was charged, then the quarantines
-- ARGV  1 letters  2 price  3 score of a send  4 the quarantine that it began, for how long, or empty  5 prefix in clear and country
--       6 the number's last four digits  7 the block's LAST and RUN as they were before it, or empty
local letters, price, began = ARGV[1], tonumber(ARGV[2]), ARGV[4] ~= ''

-- The youngest first: what is taken back was charged just now. Were old debt paid by it, whoever is refused over and over would
-- make dead sends look young, which never refuse anybody.
local function take_back(a, amount)
  for i = Y0, D, -1 do
    local part = math.min(a[i], amount)
    a[i], amount = a[i] - part, amount - part
  end
end

for i, text in ipairs(redis.call('MGET', unpack(KEYS, 1, #letters))) do
  if text then
    local letter, a = string.sub(letters, i, i), numbers(text)
    take_back(a, letter == 'a' and UNIT or price)
    -- Unless another send has come since: its own run began behind this one.
    if letter == 'b' and ARGV[7] ~= '' and a[LAST] == tonumber(ARGV[6]) + 1 then
      local last, run = string.match(ARGV[7], '^(%d+) (%d+)$')
      a[LAST], a[RUN] = tonumber(last), tonumber(run)
    end
    if letter == 'p' then
      a[S] = math.max(0, a[S] - tonumber(ARGV[3]))
      -- Nobody was told of it: the next send that goes out begins it again, as long as this one, and tells.
      if began then
        a[Q], a[QL] = 0, a[QL] / 2
        redis.call('ZREM', KEYS[#KEYS], ARGV[5])
      end
    end
    redis.call('SET', KEYS[i], packed(letter, a), 'KEEPTTL')
  end
end
return 'done'
