-- Written by Shipway; edits are lost.
-- lua.hold SECONDS: keep a request waiting while its service is paused, for that long at most.

local modes = Map.new("modes.map", Map._str)

core.register_action("hold", { "http-req" }, function(txn, seconds)
    local service = txn:get_var("txn.service")
    local deadline = core.now().sec + tonumber(seconds)
    while modes:lookup(service) == "paused" and core.now().sec < deadline do
        core.msleep(50)
    end
end, 1)
