// `read-rest`: one price over REST with key, metrics and true age, against a bare node:http constant in the
// same run, and against two peers on the same Node with their own idea of the same answer (`--peers` installs
// them on first use).
//
// Figure: requests per CPU-second of the server process, the median of rounds that take turns with the
// control.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchRow } from './bench-row.ts';
import { type BenchServer, load, median, startServer } from './http-load.ts';
import { installPeers, PEERS, PEERS_FOLDER, startPeer } from './peers/peers.ts';

const SERVERS = join(import.meta.dirname, 'servers');
const ROUNDS = 3;
const WARM_UP_SECONDS = 3;
const ROUND_SECONDS = 4;
/** Of a bare constant; the design's target. */
const TARGET = 0.65;

export async function run(args: readonly string[] = []): Promise<BenchRow[]> {
  if (args.includes('--peers')) installPeers();
  const ours = await startServer(join(SERVERS, 'assay-rest.ts'));
  let bare: BenchServer | undefined;
  try {
    const { url, headers } = ours.target;
    const body = await (await fetch(url, headers === undefined ? {} : { headers })).text();
    bare = await startServer(join(SERVERS, 'bare-http.ts'), { args: [String(body.length)] });
    const rows = await compare('one price, Assay', ours, bare, TARGET);
    if (!existsSync(join(PEERS_FOLDER, 'node_modules'))) {
      process.stdout.write('  (the peers are not installed: add --peers)\n');
      return rows;
    }
    for (const peer of PEERS) {
      const server = await startPeer(peer);
      try {
        rows.push(...(await compare(`one price, ${peer.name}`, server, bare, undefined)));
      } finally {
        await server.stop();
      }
    }
    return rows;
  } finally {
    await ours.stop();
    await bare?.stop();
  }
}

/** Rounds take turns, so that whatever else the machine does falls on both. */
async function compare(
  what: string,
  server: BenchServer,
  bare: BenchServer,
  target: number | undefined,
): Promise<BenchRow[]> {
  await load(bare, WARM_UP_SECONDS);
  await load(server, WARM_UP_SECONDS);
  const figures: { value: number; control: number; p99Ms: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const control = await load(bare, ROUND_SECONDS);
    const own = await load(server, ROUND_SECONDS);
    figures.push({ value: own.perCpuSecond, control: control.perCpuSecond, p99Ms: own.p99Ms });
  }
  const value = Math.round(median(figures.map((figure) => figure.value)));
  const control = Math.round(median(figures.map((figure) => figure.control)));
  const ratio = Number(median(figures.map((figure) => figure.value / figure.control)).toFixed(3));
  const row: BenchRow = { what, value, unit: 'requests/CPU-s', control, ratio };
  if (target !== undefined) Object.assign(row, { target: `ratio >= ${target}`, met: ratio >= target });
  const p99 = Math.max(...figures.map((figure) => figure.p99Ms));
  return [row, { what: `${what}, slowest p99 of the rounds`, value: p99, unit: 'ms' }];
}
