-- Keeps a refusal that no script has made: by a block, a list of the policy, a lock in the ledger.
-- KEYS  1 refusals
-- ARGV  now, code, rule, wait ms, request, detail (JSON), evidence (JSON list), mode
-- Answers the reference.
return keep_refusal(KEYS[1], clock(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], cjson.decode(ARGV[7]), ARGV[8])
