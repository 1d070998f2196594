-- Takes a charge of the brake back, of a send that did not go out; sent once and never repeated.
-- KEYS  one per scope     ARGV  1 letters  2 price  3 score of a send
local letters, price = ARGV[1], tonumber(ARGV[2])
for i, text in ipairs(redis.call('MGET', unpack(KEYS))) do
  if text then
    local letter, a = string.sub(letters, i, i), numbers(text)
    pay(a, letter == 'a' and UNIT or price)
    if letter == 'p' then a[S] = math.max(0, a[S] - tonumber(ARGV[3])) end
    redis.call('SET', KEYS[i], packed(letter, a), 'KEEPTTL')
  end
end
return 'done'
