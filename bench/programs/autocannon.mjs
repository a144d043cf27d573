// Runs the load described on standard input with autocannon, and prints the result as JSON. See ../drive.ts.
import { json } from 'node:stream/consumers'
import autocannon from 'autocannon'

const { origin, requests, connections, seconds } = await json(process.stdin)
const result = await autocannon({ url: origin, connections, duration: seconds, timeout: 60, requests })
// It counts no error if the server closes a connection without an answer. At the end, one request is under way on each.
const unanswered = result.requests.sent - result.requests.total - connections
process.stdout.write(
  `${JSON.stringify({
    requests: result.requests.total,
    seconds: result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    refused: result.non2xx,
    lost: Math.max(result.errors, unanswered),
  })}\n`,
)
