// `fan-out`: one update to 5,000 GraphQL subscribers over WebSockets, from the moment the update is handed to
// the event log until the last subscriber has it, and the CPU time of the server per subscriber; beside a
// control that writes the same bytes to as many bare TCP connections in the same run.
//
// Server and clients are processes on different cores. Every subscriber has an operation id of its own, as
// client libraries make them, and asks in the same words. Medians of the rounds.
import { join } from 'node:path';
import { type Child, startChild } from '../sockets/child.ts';
import type { ClientsAnswer, ClientsQuestion } from '../sockets/fan-out-clients.ts';
import type { ServerAnswer } from '../sockets/socket-server.ts';
import type { BenchRow } from './bench-row.ts';
import { median } from './http-load.ts';

const SOCKETS = join(import.meta.dirname, '..', 'sockets');
const SUBSCRIBERS = 5_000;
const WARM_UP_ROUNDS = 10;
const ROUNDS = 15;
/** Between rounds: whatever a round left behind is done by then. */
const PAUSE_MS = 150;
const LAST_TARGET_MS = 60;
const CPU_TARGET_US = 10;
const QUERY =
  'subscription { priceUpdated(symbols: ["BTC"]) { symbol price_usd timestamp source state ageMs } }';

type Figures = { lastMs: number; cpuUs: number; idleBytes: number; messageBytes: number };
type Server = Child<{ what: string; bytes: number }, ServerAnswer>;

export async function run(): Promise<BenchRow[]> {
  const ours = await measure('socket-server.ts', '/graphql', 0);
  const bare = await measure('bare-server.ts', '', ours.messageBytes);
  const ratio = (own: number, control: number): number => Number((own / control).toFixed(2));
  return [
    {
      what: `one update to ${SUBSCRIBERS} subscribers, last one reached`,
      value: Number(ours.lastMs.toFixed(1)),
      unit: 'ms',
      control: Number(bare.lastMs.toFixed(1)),
      ratio: ratio(ours.lastMs, bare.lastMs),
      target: `<= ${LAST_TARGET_MS}`,
      met: ours.lastMs <= LAST_TARGET_MS,
    },
    {
      what: 'CPU time of the server per subscriber',
      value: Number(ours.cpuUs.toFixed(2)),
      unit: 'us',
      control: Number(bare.cpuUs.toFixed(2)),
      ratio: ratio(ours.cpuUs, bare.cpuUs),
      target: `<= ${CPU_TARGET_US}`,
      met: ours.cpuUs <= CPU_TARGET_US,
    },
    {
      what: 'memory of the server per idle subscriber',
      value: Number((ours.idleBytes / 1_024).toFixed(1)),
      unit: 'KiB resident',
    },
  ];
}

async function measure(script: string, path: string, bytes: number): Promise<Figures> {
  const server: Server = startChild(join(SOCKETS, script), 0);
  const clients = startChild<ClientsQuestion, ClientsAnswer>(join(SOCKETS, 'fan-out-clients.ts'), 1);
  try {
    const { url, key, rssBytes } = await server.ask({ what: 'start', bytes });
    const address = path === '' ? url : `${url}${path}`;
    await clients.ask({ what: 'connect', url: address, key, query: QUERY, count: SUBSCRIBERS });
    const rounds: { lastMs: number; cpuUs: number }[] = [];
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      const figures = await oneRound(server, clients, bytes);
      if (round >= 0) rounds.push(figures);
    }
    const after = await server.ask({ what: 'figures', bytes });
    const { messageBytes } = await clients.ask({ what: 'arm' });
    return {
      lastMs: median(rounds.map(({ lastMs }) => lastMs)),
      cpuUs: median(rounds.map(({ cpuUs }) => cpuUs)),
      idleBytes: (after.rssBytes - rssBytes) / SUBSCRIBERS,
      messageBytes,
    };
  } finally {
    await clients.stop();
    await server.stop();
  }
}

async function oneRound(
  server: Server,
  clients: Child<ClientsQuestion, ClientsAnswer>,
  bytes: number,
): Promise<{ lastMs: number; cpuUs: number }> {
  await new Promise((later) => setTimeout(later, PAUSE_MS));
  await clients.ask({ what: 'arm' });
  const before = await server.ask({ what: 'figures', bytes });
  const { publishedAtMs } = await server.ask({ what: 'publish', bytes });
  const { lastAtMs } = await clients.ask({ what: 'await-last' });
  const after = await server.ask({ what: 'figures', bytes });
  const cpuUs = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / SUBSCRIBERS;
  return { lastMs: lastAtMs - publishedAtMs, cpuUs };
}
