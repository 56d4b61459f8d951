import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ApiRig, answerOf, RIG_START_MS } from '../../../../test/api-rig.ts';
import type { PriceRequest, Submission } from '../assets/desk.ts';

// Its declarations need a browser's types.
const require = createRequire(import.meta.url);
const { cacheExchange, Client, fetchExchange, gql } = require('@urql/core');

type Answered = {
  status: number;
  type: string;
  text: string;
  data: Record<string, unknown> | null | undefined;
  errors: { message: string; path?: string[]; extensions: Record<string, unknown> }[];
};

const submitted: unknown[] = [];
const submission: Submission = {
  id: 's1',
  symbol: 'BTC',
  price_usd: '67012.123456789012345678',
  timestamp: '2026-11-21T10:00:00.000Z',
  submitted_by: 'me',
  feed: 'BTC/USD',
  status: 'accepted',
  detail: 'on its way',
  receivedAt: '2026-11-21T10:00:00.000Z',
  events: [],
};
const priceRequest: PriceRequest = {
  ...{ id: 'r1', feed: 'BTC/USD', detail: 'asked', sourcesAsked: 2, sourcesAnswered: 0, sources: [] },
  ...{ requestedAt: '2026-11-21T10:00:00.000Z', deadlineAt: '2026-11-21T10:00:05.000Z' },
  status: 'pending',
  completedAt: null,
  price: null,
};

describe('GraphQL over HTTP', () => {
  const rig = new ApiRig({
    submissions: {
      submit: async (principal, input, key) => {
        submitted.push({ who: principal.name, input, key });
        return submission;
      },
      find: async (_principal, id) => (id === 's1' ? submission : undefined),
      list: async (_principal, page) => {
        submitted.push(page);
        return { submissions: [submission], nextCursor: null };
      },
    },
    priceRequests: {
      request: async () => priceRequest,
      find: async () => undefined,
      list: async () => ({ requests: [priceRequest], nextCursor: null }),
    },
    graphiqlAt: '/graphiql/',
  });
  let url = '';
  before(async () => {
    await rig.start();
    url = `${rig.api().addresses().api}/graphql`;
    await rig.answer(
      answerOf('BTC/USD', '67012.10', RIG_START_MS),
      answerOf('ETH/EUR', '2900.00', RIG_START_MS),
    );
  });
  after(() => rig.stop());

  async function post(body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': rig.key, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return await answered(response);
  }

  async function ask(query: string, variables?: Record<string, unknown>): Promise<Answered> {
    return await post({ query, variables });
  }

  /** The code of the one refusal. */
  async function refusedWith(body: unknown): Promise<[number, unknown]> {
    const { status, errors, data } = await post(body);
    assert.equal(data, undefined);
    assert.ok(String(errors[0]!.extensions.recovery).length > 10);
    return [status, errors[0]!.extensions.code];
  }

  test('the founding query gives the founding shape, compiled or not, with the exact digits', async () => {
    const query = '{ price(symbol: "BTC") { symbol price_usd timestamp source } }';
    const expected =
      '{"data":{"price":{"symbol":"BTC","price_usd":67012.10,' +
      '"timestamp":"2026-11-21T09:59:59.900Z","source":"Assay"}}}';
    for (let i = 0; i < 25; i++) {
      await rig.clock.advance(1);
      assert.equal((await ask(query)).text, expected);
    }
  });

  test('one source is asked for by its name, word for word as founded', async () => {
    await rig.bus.publish('source-prices', [
      {
        key: 'BTC/USD',
        value: JSON.stringify({
          type: 'price',
          source: 'coingecko',
          pair: 'BTC/USD',
          price: '67000.5',
          observedAt: RIG_START_MS - 500,
          receivedAt: RIG_START_MS,
          kind: 'index',
          confidence: 1,
          transport: 'poll',
          profile: 'sandbox',
        }),
      },
    ]);
    await rig.clock.advance(1);
    const { data, errors } = await ask(
      'query { price(symbol: "BTC", source: "CoinGecko") { symbol price_usd timestamp source state } }',
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(data, {
      price: {
        symbol: 'BTC',
        price_usd: 67000.5,
        timestamp: '2026-11-21T09:59:59.500Z',
        source: 'CoinGecko',
        state: 'degraded',
      },
    });
  });

  test('every field of a price is that of the other doors, and the age is true', async () => {
    const record = (await rig.get('/v1/prices/BTC-USD')).json() as Record<string, unknown>;
    const names = Object.keys(record).join(' ');
    const { data } = await ask(`{ price(feed: "btc/usd") { ${names} } }`);
    assert.deepEqual(data!.price, { ...record, kind: 'LIVE' });
    const before = (await ask('{ price(symbol: "BTC") { ageMs } }')).data!.price as { ageMs: number };
    await rig.clock.advance(7);
    const later = (await ask('{ price(symbol: "BTC") { ageMs } }')).data!.price as { ageMs: number };
    assert.equal(later.ageMs - before.ageMs, 7);
    const euro = await ask('{ price(feed: "ETH/EUR") { price_usd price } }');
    assert.deepEqual(euro.data!.price, { price_usd: null, price: '2900.00' });
  });

  test('catalogue, history, candles and status answer from the same services', async () => {
    const record = answerOf('BTC/USD', '66000.00', RIG_START_MS - 3_600_000);
    await rig.history.appendAnswers([
      {
        feed: 'BTC/USD',
        answeredAt: RIG_START_MS - 3_600_000,
        offset: 1,
        price: '66000.00',
        state: 'ok',
        record: JSON.stringify(record),
      },
    ]);
    const { data, errors } = await ask(`{
      feeds { feed heartbeatMs deviationThresholdPercent sources { source } price { price } }
      sources { id name state confidence }
      source(id: "BINANCE") { id }
      history(feed: "BTC/USD", limit: 5) { prices { price observedAt } nextCursor }
      candles(feed: "BTC/USD", interval: ONE_HOUR) { candles { open interval startAt count } }
      then: price(symbol: "BTC", at: "2026-11-21T09:30:00Z") { price }
      prices(symbols: ["BTC"], feeds: ["ETH/EUR"]) { feed }
      status { isReady profile startedAt }
    }`);
    assert.deepEqual(errors, []);
    const found = JSON.parse(JSON.stringify(data));
    assert.deepEqual(found.prices, [{ feed: 'ETH/EUR' }, { feed: 'BTC/USD' }]);
    assert.equal(found.feeds.length, 3);
    assert.equal(found.feeds[0].price.price, '67012.10');
    assert.deepEqual(found.source, { id: 'binance' });
    assert.deepEqual(found.history.prices, [{ price: '66000.00', observedAt: '2026-11-21T08:59:59.900Z' }]);
    assert.deepEqual(found.candles.candles[0], {
      open: '66000.00',
      interval: 'ONE_HOUR',
      startAt: '2026-11-21T09:00:00.000Z',
      count: 1,
    });
    assert.deepEqual(found.then, { price: '66000.00' });
    assert.equal(found.status.isReady, true);
  });

  test('what fails has a code, a path and the fix, and what succeeded beside it is there', async () => {
    const { status, data, errors } = await ask(`{
      good: price(symbol: "BTC") { price }
      unknown: price(symbol: "BTX") { price }
      unpriced: price(feed: "ETH/USD") { price }
      final: price(symbol: "BTC", kind: FINAL) { price }
      report(feed: "BTC/USD") { round }
      source(id: "binnance") { id }
      explain(feed: "BTC/USD") { text }
      history(feed: "BTC/USD", limit: 0) { nextCursor }
    }`);
    assert.equal(status, 200);
    assert.equal(data, null, 'a page that must be there takes the whole answer with it');
    assert.equal(errors.find(({ path }) => path?.[0] === 'history')!.extensions.field, 'limit');
    const second = await ask(`{
      good: price(symbol: "BTC") { price }
      unknown: price(symbol: "BTX") { price }
      unpriced: price(feed: "ETH/USD") { price }
      final: price(symbol: "BTC", kind: FINAL) { price }
      report(feed: "BTC/USD") { round }
      source(id: "binnance") { id }
    }`);
    assert.deepEqual((second.data as { good: unknown }).good, { price: '67012.10' });
    const codes = Object.fromEntries(
      second.errors.map(({ path, extensions }) => [path![0], extensions.code]),
    );
    assert.deepEqual(codes, {
      unknown: 'NOT_FOUND',
      unpriced: 'NOT_FOUND',
      final: 'FINAL_PRICE_ABSENT',
      report: 'FINAL_PRICE_ABSENT',
      source: 'NOT_FOUND',
    });
    const unknown = second.errors.find(({ path }) => path?.[0] === 'unknown')!;
    assert.equal((unknown.extensions.near as string[])[0], 'BTC/USD');
  });

  test('a submission keeps the digits it came with, written or as a variable, and needs its scope', async () => {
    const digits = '67012.123456789012345678';
    const literal = `mutation { submitPrice(input: { symbol: "BTC", price_usd: ${digits},
      timestamp: "2026-11-21T10:00:00Z", submitted_by: "me" }) { id price_usd status } }`;
    assert.equal((await ask(literal)).errors[0]!.extensions.code, 'ACCESS_DENIED');
    const { key } = await rig.keys.create({ name: 'submitter', scopes: ['prices:read', 'prices:submit'] });
    const one = await post({ query: literal }, { 'x-api-key': key });
    assert.equal(one.text, `{"data":{"submitPrice":{"id":"s1","price_usd":${digits},"status":"accepted"}}}`);
    const body = `{"query":"mutation($i: SubmissionInput!) { submitPrice(input: $i) { id } }","variables":
      {"i":{"symbol":"BTC","price_usd":${digits},"timestamp":"2026-11-21T10:00:00Z",
      "submitted_by":"me","idempotencyKey":"k"}}}`;
    assert.deepEqual((await post(body, { 'x-api-key': key })).errors, []);
    const input = { symbol: 'BTC', price_usd: digits, timestamp: '2026-11-21T10:00:00Z', submitted_by: 'me' };
    assert.deepEqual(submitted, [
      { who: 'submitter', input, key: undefined },
      { who: 'submitter', input, key: 'k' },
    ]);
    for (const bad of ['1e400', '"NaN"', `0.${'1'.repeat(200)}`, '"12,5"', '012']) {
      const { errors, status } = await post(body.replace(digits, bad), { 'x-api-key': key });
      assert.equal(status, 400, bad);
      assert.ok(['DECIMAL_INVALID', 'DOCUMENT_INVALID'].includes(String(errors[0]!.extensions.code)), bad);
    }
    assert.equal((await ask('{ submission(id: "x") { id } }')).errors[0]!.extensions.code, 'NOT_FOUND');
    const requested = await ask('mutation { requestPrice(symbol: "BTC") { id status price { price } } }');
    assert.deepEqual(requested.data, { requestPrice: { id: 'r1', status: 'pending', price: null } });
  });

  test('a stranger learns nothing, and a key reads its own feeds only', async () => {
    const bare = await rig.get('/v1/prices', {});
    for (const body of ['{"query":"{ __schema { queryType { name } } }"}', 'x', '[]']) {
      for (const key of ['', 'ak_000000000000_wrong']) {
        const { status, text } = await post(body, { 'x-api-key': key });
        assert.deepEqual([status, text], [bare.status, bare.text]);
      }
    }
    const { key } = await rig.keys.create({ name: 'narrow', scopes: ['prices:read'], feeds: ['ETH/EUR'] });
    const query = '{ feeds { feed } prices { feed } price(symbol: "BTC") { price } }';
    const narrow = await post({ query }, { 'x-api-key': key });
    assert.deepEqual(narrow.data, {
      feeds: [{ feed: 'ETH/EUR' }],
      prices: [{ feed: 'ETH/EUR' }],
      price: null,
    });
    assert.equal(narrow.errors[0]!.extensions.code, 'ACCESS_DENIED');
    const now = '{ prices { feed } }';
    for (let i = 0; i < 3; i++) {
      assert.equal((await ask(now)).errors.length, 0);
      assert.equal(((await ask(now)).data!.prices as unknown[]).length, 2);
      assert.equal(((await post({ query: now }, { 'x-api-key': key })).data!.prices as unknown[]).length, 1);
    }
    const submitOnly = await rig.keys.create({ name: 'mute', scopes: ['prices:submit'] });
    assert.equal((await post({ query: now }, { 'x-api-key': submitOnly.key })).status, 403);
  });

  test('what is no request of GraphQL is told so', async () => {
    for (const bad of [
      'x',
      '[]',
      '{}',
      'null',
      '{"query":5}',
      '{"query":"{ price "}',
      '{"query":"{ nothing }"}',
      '{"query":""}',
      '{"query":"{ __typename }","variables":[]}',
      '{"query":"query a { __typename } query b { __typename }"}',
      '{"query":"subscription { priceUpdated { price } }"}',
      '{"query":"fragment a on Query { __typename }"}',
    ]) {
      const { status, errors } = await post(bad);
      assert.equal(status, 400, bad);
      assert.match(String(errors[0]!.extensions.code), /^DOCUMENT_(INVALID|TOO_COSTLY)$/, bad);
    }
    const wrong = await ask('query($n: Int!) { history(feed: "BTC/USD", limit: $n) { nextCursor } }', {
      n: 'x',
    });
    assert.deepEqual([wrong.status, wrong.errors[0]!.extensions.code], [400, 'REQUEST_INVALID']);
    assert.equal((await post('{}', { 'content-type': 'text/plain' })).status, 415);
    const large = await post(`{"query":"${'x'.repeat(10_000_000)}"}`);
    assert.equal(large.status, 413);
    assert.match(large.text, /REQUEST_INVALID/);
    const gone = await fetch(url, { method: 'DELETE', headers: { 'x-api-key': rig.key } });
    assert.equal(gone.status, 405);
    const browser = await fetch(url, { headers: { accept: 'text/html,*/*' }, redirect: 'manual' });
    assert.deepEqual([browser.status, browser.headers.get('location')], [302, '/graphiql/']);
  });

  test('a body without end is cut off, and its sender hears why', async () => {
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    let heard = '';
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (text: string) => void (heard += text));
    const head = `POST /graphql HTTP/1.1\r\nhost: x\r\nx-api-key: ${rig.key}\r\ncontent-type: application/json\r\n`;
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const pump = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
    const passing = setInterval(() => void rig.clock.advance(100), 10);
    await new Promise((closed) => socket.once('close', closed));
    clearInterval(passing);
    assert.match(heard, /^HTTP\/1.1 413 /);
  });

  test('reading works with GET, changing does not', async () => {
    const get = async (query: string): Promise<Answered> =>
      await answered(
        await fetch(`${url}?query=${encodeURIComponent(query)}&variables=%7B%22f%22%3A%22BTC%2FUSD%22%7D`, {
          headers: { 'x-api-key': rig.key, accept: 'application/graphql-response+json' },
        }),
      );
    const read = await get('query($f: String) { price(feed: $f) { feed } }');
    assert.deepEqual(read.data, { price: { feed: 'BTC/USD' } });
    assert.match(read.type, /graphql-response\+json/);
    assert.equal((await get('mutation { requestPrice(symbol: "BTC") { id } }')).status, 405);
  });

  test('a document may be named by its hash once it was sent with it', async () => {
    const query = '{ price(symbol: "BTC") { price, feed } }';
    const sha256Hash = createHash('sha256').update(query).digest('hex');
    const extensions = { persistedQuery: { version: 1, sha256Hash } };
    const unknown = await post({ extensions });
    assert.equal(unknown.errors[0]!.message, 'PersistedQueryNotFound');
    assert.equal(unknown.errors[0]!.extensions.code, 'PERSISTED_QUERY_NOT_FOUND');
    assert.equal((await post({ query, extensions })).errors.length, 0);
    assert.deepEqual((await post({ extensions })).data, { price: { price: '67012.10', feed: 'BTC/USD' } });
    const lie = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
    assert.deepEqual(await refusedWith({ query, extensions: lie }), [400, 'DOCUMENT_INVALID']);
  });

  test('with a list of allowed documents nothing else is executed', async () => {
    const query = '{ prices { feed } }';
    const hash = createHash('sha256').update(query).digest('hex');
    const closed = rig.createApi({ allowedQueries: new Map([[hash, query]]) });
    await closed.start();
    const before = url;
    url = `${closed.addresses().api}/graphql`;
    assert.equal((await ask(query)).errors.length, 0);
    assert.equal(
      (await post({ extensions: { persistedQuery: { version: 1, sha256Hash: hash } } })).status,
      200,
    );
    assert.deepEqual(await refusedWith({ query: '{ __typename }' }), [403, 'ACCESS_DENIED']);
    url = before;
  });

  test('urql works unmodified', async () => {
    const client = new Client({
      url,
      exchanges: [cacheExchange, fetchExchange],
      fetchOptions: { headers: { authorization: `Bearer ${rig.key}` } },
      preferGetMethod: false,
    });
    const { data, error } = await client
      .query(gql`query ($symbol: String!) { price(symbol: $symbol) { symbol price_usd source } }`, {
        symbol: 'BTC',
      })
      .toPromise();
    assert.equal(error, undefined);
    assert.equal(data.price.price_usd, 67012.1);
  });
});

async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const body = type.includes('json') && !text.startsWith('[') ? JSON.parse(text) : {};
  return { status: response.status, type, text, data: body.data, errors: body.errors ?? [] };
}
