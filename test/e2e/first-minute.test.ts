// The program as a user meets it: start, look, ask why, break something, stop, start again. One run, in
// order.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import {
  eventually,
  isAlive,
  postgresPid,
  type RunningProgram,
  runAssay,
  startAssay,
  temporaryFolder,
} from './program.ts';

type Price = {
  feed: string;
  price: string;
  state: string;
  stateReason: string;
  ageMs: number;
  observedAt: string;
  sourcesUsed: number;
  profile: string;
};

const RECORD_KEYS = [
  'ageMs',
  'confidence',
  'feed',
  'high',
  'kind',
  'low',
  'observedAt',
  'price',
  'profile',
  'quorum',
  'round',
  'signatures',
  'sourcesConfigured',
  'sourcesUsed',
  'state',
  'stateReason',
];

describe('the first minute', { timeout: 240_000 }, () => {
  const folder = temporaryFolder('first minute');
  let assay: RunningProgram;
  const prices = async () => (await (await assay.get('/v1/prices')).json()) as Price[];

  before(async () => {
    assay = await startAssay(folder.path);
  });
  after(async () => {
    await assay.stop('SIGKILL');
    folder.remove();
  });

  it('serves at least ten fresh feeds, each from three sources or more', async () => {
    const served = await eventually('ten feeds are ok', 30_000, async () => {
      const all = await prices();
      return all.filter(({ state, sourcesUsed }) => state === 'ok' && sourcesUsed >= 3).length >= 10
        ? all
        : undefined;
    });
    for (const price of served) {
      assert.deepEqual(Object.keys(price).sort(), RECORD_KEYS);
      assert.equal(price.profile, 'sandbox');
    }
  });

  it('tells a stranger without a key nothing', async () => {
    const response = await fetch(`${assay.facts.api}/v1/prices`);
    assert.equal(response.status, 401);
    assert.doesNotMatch(await response.text(), /BTC/);
  });

  it('answers in the founding shape, with exact digits', async () => {
    const text = await (await assay.get('/v1/prices/BTC')).text();
    assert.deepEqual(Object.keys(JSON.parse(text) as object), ['symbol', 'price_usd', 'timestamp', 'source']);
    assert.match(text, /"price_usd":\s*\d+(\.\d+)?[,}]/);
  });

  it('explains a price from the command line', async () => {
    const { code, out } = await runAssay(['explain', 'BTC/USD', '--data', folder.path]);
    assert.equal(code, 0);
    for (const name of ['Coinbase', 'Kraken', 'Binance', 'USDT']) assert.match(out, new RegExp(name));
    const json = await runAssay(['explain', 'BTC/USD', '--data', folder.path, '--json']);
    const { sources } = JSON.parse(json.out) as { sources: Record<string, unknown>[] };
    assert.ok(sources.length >= 8);
    for (const key of [
      'source',
      'quoted',
      'converted',
      'via',
      'ageMs',
      'weight',
      'confidence',
      'used',
      'reason',
    ]) {
      assert.ok(
        sources.every((source) => key in source),
        key,
      );
    }
  });

  it('is ready, and says so', async () => {
    assert.equal((await fetch(`${assay.facts.health}/ready`)).status, 200);
    assert.match(await (await fetch(`${assay.facts.metrics}/metrics`)).text(), /^assay_/m);
    assert.equal((await runAssay(['status', '--data', folder.path])).code, 0);
  });

  it('shows a change of regime', async () => {
    const { code } = await runAssay(['sandbox', 'regime', 'depeg', '--data', folder.path]);
    assert.equal(code, 0);
    const of = (all: Price[], feed: string) => Number(all.find((price) => price.feed === feed)?.price);
    const bitcoin = of(await prices(), 'BTC/USD');
    await eventually('USDC leaves its peg', 30_000, async () =>
      of(await prices(), 'USDC/USD') < 0.97 ? true : undefined,
    );
    assert.ok(
      Math.abs(of(await prices(), 'BTC/USD') / bitcoin - 1) < 0.02,
      'the dollar price of BTC does not follow it',
    );
    await runAssay(['sandbox', 'regime', 'calm', '--data', folder.path]);
  });

  it('leaves a silent venue out and names it', async () => {
    const fault = ['sandbox', 'fault', 'kraken', '--kind', 'silence', '--for', '60s', '--data', folder.path];
    assert.equal((await runAssay(fault)).code, 0);
    await eventually('kraken is left out', 20_000, async () => {
      const response = await assay.get('/v1/prices/BTC-USD/explain');
      const { sources } = (await response.json()) as { sources: { source: string; used: boolean }[] };
      const its = sources.filter(({ source }) => source === 'kraken');
      return its.length > 0 && its.every(({ used }) => !used) ? true : undefined;
    });
    await runAssay(['sandbox', 'clear', 'kraken', '--data', folder.path]);
  });

  it('refuses a second instance, another profile and a taken port, each in one sentence', async () => {
    const second = await runAssay(['start', '--data', folder.path, '--api-port', '0']);
    assert.equal(second.code, 1);
    assert.match(second.error, /is in use: service "\w+" already runs on it as process \d+/);
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as { port: number };
    const other = temporaryFolder('taken port');
    const taken = await runAssay(['start', '--data', other.path, '--api-port', String(port)]);
    server.close();
    other.remove();
    assert.equal(taken.code, 1);
    assert.match(taken.error, new RegExp(`${port}`));
    assert.match(taken.error, /API_PORT/);
  });

  it('revokes a key while it runs', async () => {
    const made = await runAssay(['keys', 'create', 'visitor', '--json', '--data', folder.path]);
    const { key, id } = JSON.parse(made.out) as { key: string; id: string };
    const ask = async () =>
      (await fetch(`${assay.facts.api}/v1/prices/BTC-USD`, { headers: { 'x-api-key': key } })).status;
    await eventually('the key works', 6_000, async () => ((await ask()) === 200 ? true : undefined));
    assert.equal((await runAssay(['keys', 'revoke', id, '--data', folder.path])).code, 0);
    await eventually('the key is refused', 6_000, async () => ((await ask()) === 401 ? true : undefined));
  });

  it('survives kill -9: the venues end with it, and a new start serves the same feeds from its data', async () => {
    const { sandboxControl } = assay.facts;
    const postgres = postgresPid(folder.path);
    await assay.stop('SIGKILL');
    await eventually('PostgreSQL is gone', 5_000, async () => (isAlive(postgres) ? undefined : true));
    await eventually('the venues are gone', 5_000, async () => {
      const answer = await fetch(`${sandboxControl}/venues`).catch(() => undefined);
      return answer === undefined ? true : undefined;
    });
    assay = await startAssay(folder.path);
    const page = (await (await assay.get('/v1/prices/BTC-USD/history?limit=1')).json()) as {
      prices: Price[];
    };
    assert.equal(page.prices.length, 1, 'the history of the run before is there');
    await eventually('ten feeds are ok again', 30_000, async () =>
      (await prices()).filter(({ state }) => state === 'ok').length >= 10 ? true : undefined,
    );
  });

  it('stops at once when asked, and its answers can be recomputed to the last digit', async () => {
    const postgres = postgresPid(folder.path);
    assert.equal(await assay.stop('SIGINT'), 0);
    assert.equal(isAlive(postgres), false, 'no PostgreSQL is left');
    const verified = await runAssay(['replay', folder.path, '--verify', '--json']);
    const result = JSON.parse(verified.out) as { answers: number; differ: number; differences: unknown[] };
    assert.ok(result.answers > 100);
    assert.equal(result.differ, 0, JSON.stringify(result.differences.slice(0, 3)));
    assert.equal(verified.code, 0);
  });
});
