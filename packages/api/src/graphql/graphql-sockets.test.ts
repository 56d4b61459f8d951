import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { HEALTH_TOPIC, type SourceStatus } from '@assay/oracle/model/source-status';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ApiRig, answerOf, RIG_START_MS } from '../../../../test/api-rig.ts';

type Event = { data?: Record<string, Record<string, unknown>>; errors?: unknown[] };

describe('GraphQL over WebSockets', () => {
  const rig = new ApiRig({ socketClientsMax: 20 });
  let url = '';
  const clients: Client[] = [];
  const sockets: { terminate(): void }[] = [];

  before(async () => {
    await rig.start();
    url = `${rig.api().addresses().api.replace('http', 'ws')}/graphql`;
    await rig.answer(
      answerOf('BTC/USD', '67012.10', RIG_START_MS),
      answerOf('ETH/EUR', '2900.00', RIG_START_MS),
    );
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.dispose();
    for (const socket of sockets.splice(0)) socket.terminate();
  });
  after(() => rig.stop());

  /** The unmodified public client. */
  function client(connectionParams: Record<string, unknown> = { apiKey: rig.key }): Client {
    const made = createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 });
    clients.push(made);
    return made;
  }

  async function take(events: AsyncIterator<unknown>, count: number): Promise<Event[]> {
    const taken: Event[] = [];
    while (taken.length < count) taken.push((await events.next()).value as Event);
    return taken;
  }

  test('graphql-ws gets the current price and then every change, as founded', async () => {
    const events = client()
      .iterate({
        query: 'subscription($s: [String!]) { priceUpdated(symbols: $s) { symbol price_usd source } }',
        variables: { s: ['BTC'] },
      })
      [Symbol.asyncIterator]();
    assert.deepEqual(await take(events, 1), [
      { data: { priceUpdated: { symbol: 'BTC', price_usd: 67012.1, source: 'Assay' } } },
    ]);
    const [next] = await Promise.all([
      take(events, 2),
      rig
        .answer(
          answerOf('BTC/USD', '67013.00', rig.clock.now()),
          answerOf('ETH/USD', '1.00', rig.clock.now()),
        )
        .then(() => rig.answer(answerOf('BTC/USD', '67014.00', rig.clock.now()))),
    ]);
    assert.deepEqual(
      next.map(({ data }) => data!.priceUpdated!.price_usd),
      [67013, 67014],
    );
    await events.return!();
  });

  test('two clients of one question get the same, whatever the ids of their operations', async () => {
    const query = 'subscription { priceUpdated { feed price ageMs } }';
    const readers = [client(), client(), client({ authorization: `Bearer ${rig.key}` })].map((one) =>
      one.iterate({ query })[Symbol.asyncIterator](),
    );
    const opened = await Promise.all(readers.map((events) => take(events, 3)));
    assert.deepEqual(opened[0]!.map(({ data }) => data!.priceUpdated!.feed).sort(), [
      'BTC/USD',
      'ETH/EUR',
      'ETH/USD',
    ]);
    await rig.answer(answerOf('ETH/EUR', '2901.00', rig.clock.now()));
    const changed = await Promise.all(readers.map((events) => take(events, 1)));
    for (const [event] of changed) assert.equal(event!.data!.priceUpdated!.price, '2901.00');
    for (const events of readers) await events.return!();
  });

  test('a price that becomes stale by time alone is an event', async () => {
    const events = client()
      .iterate({ query: 'subscription { priceUpdated(symbols: ["BTC/USD"]) { state } }' })
      [Symbol.asyncIterator]();
    await rig.answer(answerOf('BTC/USD', '67015.00', rig.clock.now()));
    const seen = take(events, 2);
    for (let i = 0; i < 20; i++) await rig.clock.advance(1_000);
    const states = (await seen).map(({ data }) => data!.priceUpdated!.state);
    assert.equal(states.at(-1), 'stale');
    await events.return!();
  });

  test('a source that changes its state is an event, its moving figures are none', async () => {
    const events = client()
      .iterate({
        query: 'subscription { sourceHealthChanged(sources: ["Binance"]) { id state confidence } }',
      })
      [Symbol.asyncIterator]();
    await take(client().iterate({ query: '{ __typename }' })[Symbol.asyncIterator](), 1);
    const seen = take(events, 2);
    await new Promise((later) => setTimeout(later, 30));
    for (const [state, confidence] of [
      ['live', 0.9],
      ['live', 0.91],
      ['silent', 0.2],
    ] as const) {
      await rig.bus.publish(HEALTH_TOPIC, [
        { key: 'binance', value: JSON.stringify(statusOf(state, confidence)) },
      ]);
      await rig.clock.advance(1);
    }
    assert.deepEqual(
      (await seen).map(({ data }) => data!.sourceHealthChanged),
      [
        { id: 'binance', state: 'live', confidence: 0.9 },
        { id: 'binance', state: 'silent', confidence: 0.2 },
      ],
    );
    await events.return!();
  });

  test('queries run over the same connection, and errors carry their code', async () => {
    const shared = client();
    const read = async (query: string): Promise<unknown> => {
      for await (const event of shared.iterate({ query })) return event;
      return undefined;
    };
    assert.deepEqual(await read('{ price(feed: "ETH/EUR") { price } }'), {
      data: { price: { price: '2901.00' } },
    });
    const refused = (query: string) =>
      read(query).then(
        () => 'let in',
        (errors: { extensions: { code: string } }[]) => errors[0]!.extensions.code,
      );
    assert.equal(await refused('{ nothing }'), 'DOCUMENT_INVALID');
    assert.equal(await refused('subscription { priceUpdated(symbols: ["BTX"]) { price } }'), 'NOT_FOUND');
    assert.equal(await refused('subscription { priceUpdated(symbols: 5) { price } }'), 'DOCUMENT_INVALID');
    assert.equal(
      await refused('subscription($s: [String!]) { priceUpdated(symbols: $s) { price } } '),
      'let in',
    );
    assert.equal(
      await refused('subscription { a: priceUpdated { price } sourceHealthChanged { id } }'),
      'DOCUMENT_INVALID',
    );
  });

  test('a wrong key, no key, a silent client, another protocol and nonsense are sent away by their codes', async () => {
    const closed = async (protocol: string[], ...messages: unknown[]): Promise<number> => {
      const socket = new WebSocket(url, protocol);
      sockets.push(socket);
      const code = new Promise<number>((resolve) => socket.once('close', resolve));
      await new Promise((open) => socket.once('open', open));
      for (const message of messages) {
        socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      }
      // Who says nothing is looked after by the sweeps.
      if (messages.length === 0) for (let i = 0; i < 5; i++) await rig.clock.advance(1_000);
      return await code;
    };
    const init = { type: 'connection_init', payload: { apiKey: rig.key } };
    const subscribe = {
      type: 'subscribe',
      id: '1',
      payload: { query: 'subscription { priceUpdated { price } }' },
    };
    const ours = ['graphql-transport-ws'];
    assert.equal(await closed(ours, { type: 'connection_init' }), 4401);
    assert.equal(await closed(ours, { type: 'connection_init', payload: { apiKey: `${rig.key}x` } }), 4401);
    assert.equal(await closed(ours, subscribe), 4401);
    assert.equal(await closed(ours, 'nonsense'), 4400);
    assert.equal(await closed(ours, { type: 'next' }), 4400);
    assert.equal(await closed(ours, init, init), 4429);
    assert.equal(await closed(ours), 4408);
    assert.equal(await closed([], init), 4406);
    assert.equal(await closed(ours, 'x'.repeat(70_000)), 1009);
    assert.equal(await closed(ours, init, ...Array.from({ length: 201 }, () => ({ type: 'ping' }))), 1008);
    const twice = new WebSocket(url, ours, { headers: { 'x-api-key': rig.key } });
    sockets.push(twice);
    await new Promise((open) => twice.once('open', open));
    twice.send('{"type":"connection_init"}');
    await new Promise((acknowledged) => twice.once('message', acknowledged));
    for (let i = 0; i < 2; i++) twice.send(JSON.stringify(subscribe));
    assert.equal(await new Promise((resolve) => twice.once('close', resolve)), 4409);
  });

  test('a revoked key loses its connection within five seconds', async () => {
    const { key, info } = await rig.keys.create({ name: 'short', scopes: ['prices:read'] });
    let closedWith = 0;
    const short = createClient({
      url,
      webSocketImpl: WebSocket,
      connectionParams: { apiKey: key },
      retryAttempts: 0,
      on: {
        closed: (event) => {
          closedWith = (event as { code: number }).code;
        },
      },
    });
    clients.push(short);
    const events = short
      .iterate({ query: 'subscription { priceUpdated { price } }' })
      [Symbol.asyncIterator]();
    await take(events, 1);
    await rig.keys.revoke(info.id);
    const ended = events.next().catch(() => undefined);
    for (let i = 0; i < 5; i++) await rig.clock.advance(1_000);
    await ended;
    assert.equal(closedWith, 4403);
  });

  test('a client that does not read gets the newest price when it does, and is cut off in the end', async () => {
    const slow = await rawClient(
      url,
      rig.key,
      'subscription { priceUpdated(symbols: ["ETH/USD"]) { price } }',
    );
    sockets.push({ terminate: () => slow.socket.destroy() });
    await rig.answer(answerOf('ETH/USD', '10.00', rig.clock.now()));
    await slow.until('10.00');
    slow.socket.pause();
    // The ping of one of the next sweeps stays unanswered; from then on nothing is written any more.
    for (let i = 0; i < 14; i++) await rig.clock.advance(1_000);
    for (let i = 0; i < 100; i++) await rig.answer(answerOf('ETH/USD', `${100 + i}.00`, rig.clock.now()));
    assert.ok((rig.metrics.values.get('assay_graphql_conflated_total') ?? 0) >= 98);
    slow.socket.resume();
    slow.pong();
    await slow.until('199.00');
    assert.ok(!slow.heard().includes('150.00'), 'what is old by then is never sent');
    slow.socket.pause();
    const gone = new Promise((resolve) => slow.socket.once('close', resolve));
    for (let i = 0; i < 60; i++) await rig.clock.advance(1_000);
    slow.socket.resume();
    await gone;
    assert.equal(rig.metrics.values.get('assay_graphql_dropped_total{reason="slow"}'), 1);
  });

  test('a full server says so before anything is opened', async () => {
    const held: WebSocket[] = [];
    let refused = 0;
    for (let i = 0; i < 25; i++) {
      const socket = new WebSocket(url, 'graphql-transport-ws');
      sockets.push(socket);
      held.push(socket);
      await new Promise<void>((resolve) => {
        socket.once('open', () => resolve());
        socket.on('error', () => undefined);
        socket.once('unexpected-response', (_request, response) => {
          assert.equal(response.statusCode, 503);
          refused += 1;
          resolve();
        });
      });
    }
    assert.ok(refused >= 5);
    assert.ok((rig.metrics.values.get('assay_graphql_clients') ?? 0) <= 20);
  });
});

function statusOf(state: SourceStatus['state'], confidence: number): Partial<SourceStatus> {
  const at = RIG_START_MS;
  return { source: 'binance', name: 'Binance', at, state, sentence: 'So it is.', confidence, pairs: [] };
}

/** A client whose connection is ours: it can stop reading, and answers pings only when told to. */
async function rawClient(
  url: string,
  key: string,
  query: string,
): Promise<{
  socket: Socket;
  heard(): string;
  pong(): void;
  until(text: string): Promise<void>;
}> {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  let heard = '';
  socket.on('error', () => undefined);
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  const until = async (text: string): Promise<void> => {
    while (!heard.includes(text)) await new Promise((more) => socket.once('data', more));
  };
  socket.write(
    `GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nx-api-key: ${key}\r\n` +
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n' +
      'sec-websocket-protocol: graphql-transport-ws\r\n\r\n',
  );
  await until('\r\n\r\n');
  socket.write(masked(1, '{"type":"connection_init"}'));
  await until('connection_ack');
  socket.write(masked(1, JSON.stringify({ type: 'subscribe', id: 'x', payload: { query } })));
  return { socket, heard: () => heard, pong: () => void socket.write(masked(10, '')), until };
}

/** A frame of a client: masked with zeros, which leaves it readable. */
function masked(opcode: number, text: string): Buffer {
  const body = Buffer.from(text);
  const head =
    body.length < 126
      ? [0x80 | opcode, 0x80 | body.length]
      : [0x80 | opcode, 0xfe, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body]);
}
