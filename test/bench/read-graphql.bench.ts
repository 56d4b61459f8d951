// `read-graphql`: one price over GraphQL with key, metrics and true age, against a bare node:http constant
// that gets the same requests in the same run.
//
// Figure: requests per CPU-second of the server process, the median of rounds that take turns with the
// control. Questions that only look at current prices share an answer within one millisecond, as the first
// two do; the third is never shared: what the engine itself costs.
import { join } from 'node:path';
import type { BenchRow } from './bench-row.ts';
import { type BenchServer, load, median, startServer } from './http-load.ts';

const SERVERS = join(import.meta.dirname, 'servers');
const ROUNDS = 3;
const WARM_UP_SECONDS = 3;
const ROUND_SECONDS = 4;
/** Of a bare constant; the design's target. */
const TARGET = 0.45;

/** The founding question. */
const ONE_PRICE = '{ price(symbol: "BTC") { symbol price_usd timestamp source } }';
const RICH_PRICE =
  '{ price(feed: "BTC/USD") { feed kind price low high state stateReason observedAt ageMs round ' +
  'sourcesUsed sourcesConfigured confidence signatures quorum profile } }';
/** `__typename` beside it keeps an answer from being shared. */
const UNSHARED = '{ price(symbol: "BTC") { symbol price_usd timestamp source } __typename }';

export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [what, query, target] of [
    ['one price in the founding shape', ONE_PRICE, TARGET],
    ['one price, the whole record', RICH_PRICE, TARGET],
    ['one price, never sharing an answer', UNSHARED, undefined],
  ] as const) {
    rows.push(...(await compare(what, query, target)));
  }
  return rows;
}

async function compare(what: string, query: string, target: number | undefined): Promise<BenchRow[]> {
  const ours = await startServer(join(SERVERS, 'assay-rest.ts'), { args: [query] });
  let bare: BenchServer | undefined;
  try {
    const { url, headers = {}, body = '' } = ours.target;
    const answer = await (await fetch(url, { method: 'POST', headers, body })).text();
    const started = await startServer(join(SERVERS, 'bare-http.ts'), { args: [String(answer.length)] });
    bare = { ...started, target: { ...ours.target, url: started.target.url } };
    return await turns(what, ours, bare, target);
  } finally {
    await ours.stop();
    await bare?.stop();
  }
}

/** Rounds take turns, so that whatever else the machine does falls on both. */
async function turns(
  what: string,
  ours: BenchServer,
  bare: BenchServer,
  target: number | undefined,
): Promise<BenchRow[]> {
  await load(bare, WARM_UP_SECONDS);
  await load(ours, WARM_UP_SECONDS);
  const figures: { value: number; control: number; p99Ms: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const control = await load(bare, ROUND_SECONDS);
    const own = await load(ours, ROUND_SECONDS);
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
