-- Sends the requests of a file, one after the other: "<length>\n<bytes>" each, whole HTTP/1.1 messages.
-- wrk … -s requests.lua URL -- FILE. At the end one line of JSON with what wrk counted goes to standard error.

local requests = {}
local following = 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  while true do
    local length = file:read("*n")
    if length == nil then break end
    file:read(1)
    requests[#requests + 1] = file:read(length)
  end
  file:close()
end

function request()
  following = following % #requests + 1
  return requests[following]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"durationUs":%d,"bytes":%d,"refused":%d,"failed":%d,"p50Us":%d,"p99Us":%d,"p999Us":%d}\n',
    summary.requests, summary.duration, summary.bytes, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
