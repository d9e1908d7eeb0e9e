-- Forgets the last attempt for one name from an address.
--
-- KEYS[1]  the attempts from the address, as attempt.lua keeps them
-- ARGV     name
local name = ARGV[1] .. '#'
for _, member in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, -1)) do
    if string.sub(member, 1, #name) == name then
        redis.call('ZREM', KEYS[1], member)
        return
    end
end
