// What clients leave with the API, over HTTP on a real ledger: submissions and their fate, prices on demand,
// webhooks, idempotency, bad input of every kind.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { DECISIONS_TOPIC, encodeDecision } from '@assay/oracle/model/decision';
import { decodeFetchRecord, FETCH_REQUESTS_TOPIC } from '@assay/oracle/model/demand';
import { SUBMISSIONS_TOPIC } from '@assay/oracle/model/submission';
import { createSubmissionService } from '@assay/oracle/sources/submission-service';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { type DeskRig, startTestLedger, withDesks } from '../../../../test/desk-rig.ts';
import type { PriceRequest, PriceRequestPage } from '../assets/desk.ts';

let ledger: Ledger;
let end: () => Promise<void>;

before(async () => {
  ({ ledger, end } = await startTestLedger());
});
after(() => end());

const withRig = (body: (rig: DeskRig) => Promise<void>, more = {}): Promise<void> =>
  withDesks(ledger, body, more);

describe('submissions over HTTP', () => {
  test('a submission keeps its digits, is followed to its decision, and keeps its fate over a restart', () =>
    withRig(async (rig) => {
      const service = createSubmissionService({
        bus: rig.bus,
        clock: rig.clock,
        log: rig.log,
        profile: 'sandbox',
        pairs: ['BTC/USD'],
        name: 'Submitted',
      });
      await service.start();
      const { post, key } = await rig.client(['prices:submit']);
      const body = JSON.stringify(rig.submission()).replace('100.5', '100.50000000000000000001');
      const made = await post('/v1/submissions', body);
      assert.equal(made.status, 202);
      const { id, price_usd, status } = made.json();
      assert.deepEqual([price_usd, status], ['100.50000000000000000001', 'accepted']);
      await rig.settle();
      const [taken] = (await rig.bus.read(SUBMISSIONS_TOPIC, 0, 0, 100))
        .map(({ value }) => JSON.parse(value))
        .filter(({ type }) => type === 'taken');
      const decision = {
        id: 'BTC/USD@1',
        feed: 'BTC/USD',
        at: rig.clock.now(),
        check: null,
        method: 'weighted-median',
        state: 'ok' as const,
        causes: [],
        inputs: [
          {
            source: 'submitted',
            pair: 'BTC/USD',
            offset: taken.offset,
            verdict: 'used' as const,
            weightPpm: 1,
          },
        ],
        withoutVenue: [],
      };
      await rig.bus.publish(DECISIONS_TOPIC, [{ key: 'BTC/USD', value: encodeDecision(decision) }]);
      await rig.settle();
      const other = rig.createApi();
      await other.start();
      for (const api of [rig.api(), other]) {
        const found = await fetch(`${api.addresses().api}/v1/submissions/${id}`, {
          headers: { 'x-api-key': key },
        });
        const { status: fate, detail, events } = (await found.json()) as Record<string, unknown[]>;
        assert.deepEqual([fate, detail], ['used', 'used in decision BTC/USD@1']);
        assert.equal(events!.length, 3, 'accepted, taken, used: each once, however often the log is read');
      }
      const stranger = await rig.client(['prices:submit'], 'stranger');
      assert.equal((await rig.get(`/v1/submissions/${id}`, { 'x-api-key': stranger.key })).status, 404);
      const admin = await rig.client(['admin'], 'admin');
      assert.equal((await rig.get(`/v1/submissions/${id}`, { 'x-api-key': admin.key })).status, 200);
      await service.stop();
    }));

  test('each mistake gets its own error: field, value and what to do', () =>
    withRig(async (rig) => {
      const { post } = await rig.client(['prices:submit']);
      const at = (ms: number) => new Date(rig.clock.now() + ms).toISOString();
      const raw = (price: string) =>
        JSON.stringify(rig.submission({ price_usd: 7777 })).replace('7777', price);
      const cases: [unknown, number, string][] = [
        [rig.submission({ symbol: 'NOPE' }), 404, 'symbol'],
        [rig.submission({ symbol: 'ETH/EUR' }), 404, 'symbol'],
        [raw('-1'), 400, 'price_usd'],
        [raw('0'), 400, 'price_usd'],
        [raw('1e400'), 400, 'price_usd'],
        [raw('1'.repeat(200)), 400, 'price_usd'],
        [raw('NaN'), 400, 'body'],
        [rig.submission({ price_usd: 'NaN' }), 400, 'price_usd'],
        [rig.submission({ price_usd: null }), 400, 'price_usd'],
        [rig.submission({ timestamp: at(6_000) }), 400, 'timestamp'],
        [rig.submission({ timestamp: at(-301_000) }), 400, 'timestamp'],
        [rig.submission({ timestamp: 'yesterday' }), 400, 'timestamp'],
        [rig.submission({ submitted_by: '' }), 400, 'submitted_by'],
        [rig.submission({ submitted_by: 'a\u0000b' }), 400, 'submitted_by'],
        [rig.submission({ submitted_by: 'x'.repeat(65) }), 400, 'submitted_by'],
        [rig.submission({ more: 1 }), 400, 'more'],
        [{ symbol: 'BTC' }, 400, 'price_usd'],
        ['[]', 400, 'body'],
        ['', 400, 'body'],
        ['{"__proto__":{"symbol":"BTC"}}', 400, 'symbol'],
      ];
      for (const [body, status, field] of cases) {
        const answer = await post('/v1/submissions', body);
        const problem = answer.json() as { field?: string; recovery?: string };
        assert.deepEqual(
          [answer.status, problem.field],
          [status, field],
          `${JSON.stringify(body)} ${answer.text}`,
        );
        assert.ok(problem.recovery);
      }
      const far = await post('/v1/submissions', rig.submission({ price_usd: 151 }));
      assert.deepEqual([far.status, far.json().status], [202, 'rejected']);
      assert.match(String(far.json().detail), /more than 50 % from 100.00/);
      const not = await post('/v1/submissions', rig.submission({ symbol: 'ETH' }));
      assert.match(String(not.json().detail), /ETH\/USD takes no submissions/);
      const script = await post(
        '/v1/submissions',
        rig.submission({ submitted_by: '<script>alert(1)</script>' }),
      );
      assert.equal(script.status, 202);
      assert.match(script.headers.get('content-type')!, /^application\/json/);
      const reader = await rig.client(['prices:read']);
      assert.equal((await reader.post('/v1/submissions', rig.submission())).status, 403);
    }));

  test('one client is limited, another is not; one idempotency key is one submission', () =>
    withRig(
      async (rig) => {
        const [one, two] = [
          await rig.client(['prices:submit'], 'one'),
          await rig.client(['prices:submit'], 'two'),
        ];
        const body = rig.submission();
        const key = { 'idempotency-key': 'abc' };
        const [first, again] = [
          await one.post('/v1/submissions', body, key),
          await one.post('/v1/submissions', body, key),
        ];
        assert.equal(first.json().id, again.json().id);
        const other = await one.post('/v1/submissions', { ...body, price_usd: 99 }, key);
        assert.deepEqual([other.status, other.json().code], [422, 'IDEMPOTENCY_KEY_REUSED']);
        assert.notEqual((await two.post('/v1/submissions', body, key)).json().id, first.json().id);
        assert.equal((await one.post('/v1/submissions', body)).status, 202);
        const refused = await one.post('/v1/submissions', body);
        assert.equal(refused.status, 429);
        assert.ok(Number(refused.headers.get('retry-after')) > 0);
        assert.equal((await two.post('/v1/submissions', body)).status, 202);
        const list = await rig.get('/v1/submissions?limit=1', { 'x-api-key': one.key });
        const { submissions, nextCursor } = list.json() as unknown as {
          submissions: object[];
          nextCursor: string;
        };
        assert.equal(submissions.length, 1);
        const rest = await rig.get(`/v1/submissions?cursor=${nextCursor}`, { 'x-api-key': one.key });
        assert.equal((rest.json() as unknown as { submissions: object[] }).submissions.length, 1);
      },
      { submissionLimits: { perMinute: 2 } },
    ));
});

describe('prices on demand', () => {
  /** What the adapters would say of each source. */
  async function adapters(
    rig: DeskRig,
    answers: Record<string, boolean>,
  ): Promise<{ requests: () => number }> {
    let requests = 0;
    await rig.bus.subscribe({ topic: FETCH_REQUESTS_TOPIC, from: 'latest' }, async (records) => {
      for (const { key, value } of records) {
        const request = decodeFetchRecord(value);
        if (request.type !== 'request') continue;
        requests++;
        const outcomes = Object.entries(answers).map(([source, isAnswered]) => ({
          key,
          value: JSON.stringify({
            type: 'outcome',
            id: request.id,
            source,
            isAnswered,
            detail: isAnswered ? 'answered' : 'timeout',
            at: rig.clock.now(),
          }),
        }));
        if (outcomes.length > 0) await rig.bus.publish(FETCH_REQUESTS_TOPIC, outcomes);
      }
    });
    return { requests: () => requests };
  }

  async function during<T>(rig: DeskRig, asked: Promise<T>): Promise<T> {
    let isDone = false;
    const done = asked.finally(() => {
      isDone = true;
    });
    while (!isDone) await rig.settle(500);
    return await done;
  }

  test('complete when all sources answered; requests at one time share one fetch', () =>
    withRig(async (rig) => {
      const { requests } = await adapters(rig, { coingecko: true, binance: true });
      const { post } = await rig.client(['prices:read']);
      const both = await during(
        rig,
        Promise.all([
          post('/v1/price-requests', { symbol: 'btc' }),
          post('/v1/price-requests', { feed: 'BTC/USD' }),
        ]),
      );
      for (const answer of both) {
        const { status, sourcesAsked, sourcesAnswered, price } = answer.json();
        assert.deepEqual([answer.status, status, sourcesAsked, sourcesAnswered], [200, 'complete', 2, 2]);
        assert.equal((price as { price: string }).price, '100.00');
      }
      assert.equal(requests(), 1);
    }));

  test('partial names who is missing; nobody at the deadline is 202, and failed in words in the end', () =>
    withRig(async (rig) => {
      const { post, key } = await rig.client(['prices:read']);
      const none = await during(rig, post('/v1/price-requests', { feed: 'BTC/USD', deadlineMs: 500 }));
      assert.deepEqual([none.status, none.json().status], [202, 'pending']);
      for (let i = 0; i < 35; i++) await rig.clock.advance(1_000);
      await rig.settle();
      const ended = (await rig.get(none.headers.get('location')!, { 'x-api-key': key })).json();
      assert.equal(ended.status, 'failed');
      assert.match(String(ended.detail), /is `adapters` running\?/);
      assert.equal(
        (ended.price as { state: string }).state,
        'stale',
        'what was known before, with its state',
      );
      await adapters(rig, { coingecko: true, binance: false });
      const partial = await during(rig, post('/v1/price-requests', { feed: 'BTC/USD' }));
      assert.deepEqual([partial.status, partial.json().status], [200, 'partial']);
      assert.match(String(partial.json().detail), /1 of 2 sources answered; not binance \(timeout\)/);
      const bad = await post('/v1/price-requests', { feed: 'BTC/USD', symbol: 'BTC' });
      assert.deepEqual([bad.status, bad.json().code], [400, 'REQUEST_INVALID']);
    }));

  test('a request that is not waited for is followed source by source, and its deadline holds', () =>
    withRig(async (rig) => {
      const { post, key } = await rig.client(['prices:read'], 'one');
      await adapters(rig, { binance: false });
      const body = { feed: 'BTC/USD', deadlineMs: 4_000 };
      const made = await post('/v1/price-requests', body, { prefer: 'wait=10, Respond-Async' });
      assert.deepEqual(
        [made.status, made.headers.get('preference-applied'), made.json().status],
        [202, 'respond-async', 'pending'],
      );
      const look = async () => {
        const found = await rig.get(made.headers.get('location')!, { 'x-api-key': key });
        return found.json() as unknown as PriceRequest;
      };
      const states = ({ sources }: PriceRequest) =>
        sources.map(({ source, status, at }) => [source, status, at !== null]);
      await rig.settle();
      const running = await look();
      assert.deepEqual([running.status, running.sourcesAnswered], ['pending', 0]);
      assert.deepEqual(states(running), [
        ['binance', 'failed', true],
        ['coingecko', 'waiting', false],
      ]);
      assert.equal(Date.parse(running.deadlineAt) - Date.parse(running.requestedAt), 4_000);
      for (let i = 0; i < 35; i++) await rig.clock.advance(1_000);
      await rig.settle();
      const ended = await look();
      assert.equal(ended.status, 'failed');
      assert.deepEqual(states(ended)[1], ['coingecko', 'late', false]);
    }));

  test('requests are listed newest first by pages: to their client, and all of them to an administrator', () =>
    withRig(async (rig) => {
      const [one, other, admin] = [
        await rig.client(['prices:read'], 'one'),
        await rig.client(['prices:read'], 'other'),
        await rig.client(['admin'], 'admin'),
      ];
      const made: string[] = [];
      for (const { post } of [one, other, one]) {
        const answer = await post('/v1/price-requests', { symbol: 'BTC' }, { prefer: 'respond-async' });
        made.push(String(answer.json().id));
      }
      const page = async (key: string, query: string) => {
        const answer = await rig.get(`/v1/price-requests?${query}`, { 'x-api-key': key });
        const { requests, nextCursor } = answer.json() as unknown as PriceRequestPage;
        return { ids: requests.map(({ id }) => id), nextCursor };
      };
      const first = await page(one.key, 'limit=1');
      assert.deepEqual(first.ids, [made[2]]);
      const rest = await page(one.key, `limit=1&cursor=${first.nextCursor}`);
      assert.deepEqual([rest.ids, rest.nextCursor], [[made[0]], null]);
      assert.deepEqual((await page(admin.key, 'limit=3')).ids, made.toReversed());
      const bad = await rig.get('/v1/price-requests?cursor=x', { 'x-api-key': one.key });
      assert.deepEqual([bad.status, bad.json().code], [400, 'REQUEST_INVALID']);
    }));

  test('a Chainlink node is answered in its own shape, also when something is wrong', () =>
    withRig(async (rig) => {
      const { post } = await rig.client(['prices:read']);
      const answer = (await post('/chainlink', { id: '9', data: { base: 'btc', quote: 'usd' } })).json();
      assert.deepEqual(
        [answer.jobRunID, answer.result, (answer.data as { result: number }).result, answer.statusCode],
        ['9', 100, 100, 200],
      );
      const unknown = await post('/chainlink', { id: '9', data: { base: 'NOPE', quote: 'USD' } });
      assert.equal(unknown.status, 404);
      assert.deepEqual(
        [unknown.json().jobRunID, unknown.json().status, unknown.json().statusCode],
        ['9', 'errored', 404],
      );
      await rig.clock.advance(60_000);
      const stale = await post('/chainlink', { id: '9', data: { base: 'BTC', quote: 'USD' } });
      assert.equal(stale.json().statusCode, 503, 'a stale price is never passed on as one');
    }));
});

describe('rough handling', () => {
  test('large bodies, header bombs, half requests and strange paths get their errors, and others are served', () =>
    withRig(async (rig) => {
      const { post } = await rig.client(['prices:submit', 'prices:read']);
      const address = new URL(rig.api().addresses().api);
      const half = Array.from({ length: 100 }, () => connect(Number(address.port), address.hostname));
      for (const socket of half)
        socket.on('error', () => {}).write('POST /v1/submissions HTTP/1.1\r\nhost: x\r\nx-a: ');
      try {
        const passing = setInterval(() => void rig.clock.advance(50), 5);
        const large = `{"symbol":"${'x'.repeat(10_000_000)}"}`;
        const told = await Promise.all(Array.from({ length: 20 }, () => post('/v1/submissions', large)));
        clearInterval(passing);
        assert.deepEqual(new Set(told.map(({ status }) => status)), new Set([413]));
        for (const path of [
          '/docs/../../etc/passwd',
          '/docs/..%2f..%2fetc%2fpasswd',
          '/docs/static/..%5c..%5cpackage.json',
          '/%00',
        ]) {
          const answer = await rawGet(address, path);
          assert.match(answer, /^HTTP\/1\.1 (400|401|403|404) /, path);
          assert.doesNotMatch(answer, /root:|"workspaces"/);
        }
        assert.match(
          await rawGet(address, '/v1/feeds', `x-a: ${'b'.repeat(40_000)}\r\n`),
          /^HTTP\/1\.1 431 /,
        );
        assert.equal((await rig.get('/v1/prices/BTC-USD')).status, 200);
      } finally {
        for (const socket of half) socket.destroy();
      }
    }));
});

function rawGet(address: URL, path: string, headers = ''): Promise<string> {
  return new Promise((done) => {
    let text = '';
    const socket = connect(Number(address.port), address.hostname);
    socket.on('data', (chunk) => (text += chunk));
    socket.on('error', () => {});
    socket.on('close', () => done(text));
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`);
  });
}
