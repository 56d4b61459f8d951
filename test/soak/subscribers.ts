// 5,000 GraphQL subscribers for ten minutes at ten updates a second, 5 % of them slow readers, 5 % of them
// vanishing. In: a scale for the length, a seed. Out: a line now and then, and a verdict: the memory of the
// server must not grow, no healthy client may fall behind or be lost, and what was done to the others is
// counted.
//
// Server and clients are processes of their own; this one only asks.
import { join } from 'node:path';
import { type Child, startChild } from '../sockets/child.ts';
import type { CrowdAnswer, CrowdQuestion } from '../sockets/crowd-clients.ts';
import type { ServerAnswer, ServerQuestion } from '../sockets/socket-server.ts';
import type { Soak } from './soak-run.ts';

const SOCKETS = join(import.meta.dirname, '..', 'sockets');
const HEALTHY = 4_500;
const SLOW = 250;
const VANISHING = 250;
const LENGTH_MS = 600_000;
/** Of the whole length: connecting and the first collections are not the state it stays in. */
const SETTLING = 0.1;
const UPDATE_EVERY_MS = 100;
const SAMPLES = 60;
const SLOPE_MAX_MB_PER_MINUTE = 1;
const BEHIND_MAX_MS = 1_000;
/** A shorter run is over before the resident memory settles: there the live memory alone is judged. */
const RSS_FROM_SCALE = 0.5;
/** What is under way at one moment and not at another: a slope over seconds would be that alone. */
const GROWN_MAX_MB = 15;
const MB = 1_048_576;
const QUERY =
  'subscription { priceUpdated(symbols: ["BTC"]) { symbol price_usd timestamp source state ageMs } }';

type Sample = { minute: number; rssMb: number; liveMb: number };
type Server = Child<ServerQuestion, ServerAnswer>;
type Crowd = Child<CrowdQuestion, CrowdAnswer>;

export const run: Soak = async ({ scale, seed }) => {
  const lengthMs = LENGTH_MS * scale;
  const server: Server = startChild(join(SOCKETS, 'socket-server.ts'), 0);
  const crowd: Crowd = startChild(join(SOCKETS, 'crowd-clients.ts'), 1);
  try {
    const { url, key, rssBytes } = await server.ask({ what: 'start' });
    const numbers = { healthy: HEALTHY, slow: SLOW, vanishing: VANISHING };
    const livesMaxMs = Math.max(5_000, lengthMs / 10);
    await crowd.ask({
      what: 'connect',
      url: `${url}/graphql`,
      key,
      query: QUERY,
      seed,
      livesMaxMs,
      ...numbers,
    });
    const total = HEALTHY + SLOW + VANISHING;
    console.log(
      `${total} subscribers for ${lengthMs / 1_000} s at ${1_000 / UPDATE_EVERY_MS} updates/s, seed ${seed}`,
    );
    const joined = await server.ask({ what: 'memory' });
    const perClient = (joined.rssBytes - rssBytes) / total / 1_024;
    console.log(
      `server: ${mb(rssBytes)} MB alone, ${mb(joined.rssBytes)} MB with all (${perClient.toFixed(1)} KiB each)`,
    );
    await server.ask({ what: 'publish-every', ms: UPDATE_EVERY_MS });
    await sleep(lengthMs * SETTLING);
    await crowd.ask({ what: 'begin' });
    const samples = await sampled(server, crowd, lengthMs);
    return verdict(await server.ask({ what: 'memory' }), await crowd.ask({ what: 'report' }), samples, scale);
  } finally {
    await crowd.stop();
    await server.stop();
  }
};

async function sampled(server: Server, crowd: Crowd, lengthMs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const everyMs = (lengthMs * (1 - SETTLING)) / SAMPLES;
  for (let i = 0; i < SAMPLES; i++) {
    await sleep(everyMs);
    const { rssBytes, liveBytes, counts } = await server.ask({ what: 'memory' });
    const minute = (lengthMs * SETTLING + everyMs * (i + 1)) / 60_000;
    samples.push({ minute, rssMb: rssBytes / MB, liveMb: liveBytes / MB });
    if ((i + 1) % (SAMPLES / 10) !== 0) continue;
    const { worstBehindMs, meanBehindMs, lost } = await crowd.ask({ what: 'report' });
    const memory = `${mb(rssBytes)} MB resident, ${mb(liveBytes)} live`;
    const behind = `behind ${meanBehindMs.toFixed(1)} ms mean, ${worstBehindMs.toFixed(0)} worst, ${lost} lost`;
    console.log(`  minute ${minute.toFixed(1)}: ${memory}; ${behind}; ${counted(counts)}`);
  }
  return samples;
}

function verdict(server: ServerAnswer, crowd: CrowdAnswer, samples: Sample[], scale: number): boolean {
  const rss = slope(samples.map(({ minute, rssMb }) => [minute, rssMb]));
  const live = slope(samples.map(({ minute, liveMb }) => [minute, liveMb]));
  const isRssJudged = scale >= RSS_FROM_SCALE;
  const grown = (live * LENGTH_MS * scale * (1 - SETTLING)) / 60_000;
  const checks: [string, boolean][] = [
    isRssJudged
      ? [
          `live memory ${signed(live)} MB/min (at most ${SLOPE_MAX_MB_PER_MINUTE})`,
          live <= SLOPE_MAX_MB_PER_MINUTE,
        ]
      : [
          `live memory ${signed(grown)} MB in all (at most ${GROWN_MAX_MB} in so short a run)`,
          grown <= GROWN_MAX_MB,
        ],
    [
      `resident memory ${signed(rss)} MB/min${isRssJudged ? '' : ' (not judged in so short a run)'}`,
      !isRssJudged || rss <= SLOPE_MAX_MB_PER_MINUTE,
    ],
    [
      `healthy clients at most ${crowd.worstBehindMs.toFixed(0)} ms behind (at most ${BEHIND_MAX_MS}${isRssJudged ? '' : ', not judged in so short a run'})`,
      // Five thousand connections are opened in the first seconds: in a short run those are all there is.
      !isRssJudged || crowd.worstBehindMs <= BEHIND_MAX_MS,
    ],
    [
      `${crowd.lost} healthy clients lost, ${crowd.healthy} there`,
      crowd.lost === 0 && crowd.healthy === HEALTHY,
    ],
    [`counts are exposed: ${counted(server.counts)}`, (server.counts.conflated_total ?? 0) > 0],
  ];
  console.log(
    `${crowd.messages} messages to the healthy, ${crowd.vanished} clients vanished and were replaced`,
  );
  console.log(`slow readers: ${crowd.slowMessages} messages, cut off and back ${crowd.slowReconnects} times`);
  for (const [what, isMet] of checks) console.log(`  ${isMet ? 'ok    ' : 'MISSED'} ${what}`);
  return checks.every(([, isMet]) => isMet);
}

function counted(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

/** Least squares. */
function slope(points: [number, number][]): number {
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const above = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return above / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(2)}`;
}

function mb(bytes: number): string {
  return (bytes / MB).toFixed(0);
}

function sleep(ms: number): Promise<void> {
  return new Promise((later) => setTimeout(later, ms));
}
