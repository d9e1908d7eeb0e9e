-- What wrk measured, as JSON. Without a response function it costs wrk nothing while it measures.
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'REPORT {"seconds": %.6f, "answered": %d, "not_200": %d, "broken": %d, "late": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.duration / 1e6, summary.requests, errors.status, errors.connect + errors.read + errors.write,
    errors.timeout, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
