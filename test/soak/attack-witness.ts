// An honest client in a process of its own: asks for one price every 20 ms and tells its latencies when
// asked.
// In: messages {ask: "begin"} and {ask: "end"}. Out: {latencies, failures}. It shares nothing with the
// attackers but the machine.
import { performance } from 'node:perf_hooks';

const EVERY_MS = 20;
const [url = '', key = ''] = process.argv.slice(2);
let latencies: number[] = [];
let failures: number[] = [];

process.on('message', (message: { ask: 'begin' | 'end' }) => {
  if (message.ask === 'end') process.send!({ latencies, failures });
  latencies = [];
  failures = [];
});
process.on('disconnect', () => process.exit(0));

for (;;) {
  const startedAt = performance.now();
  try {
    const response = await fetch(`${url}/v1/prices/BTC-USD`, { headers: { 'x-api-key': key } });
    await response.arrayBuffer();
    if (response.ok) latencies.push(performance.now() - startedAt);
    else failures.push(response.status);
  } catch {
    failures.push(0);
  }
  await new Promise((next) => setTimeout(next, Math.max(0, EVERY_MS - (performance.now() - startedAt))));
}
