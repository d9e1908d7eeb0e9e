-- Answers the last attempt for one name from an address, or nothing.
--
-- KEYS[1]  the attempts from the address, as attempt.lua keeps them
-- ARGV     name
local name = ARGV[1] .. '#'
for _, member in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, -1)) do
    if string.sub(member, 1, #name) == name then
        return member
    end
end
return false
