// What an attacker sends, one request or connection at a time. In: the address of a server, a key where the
// attacker has one. Out: the status that came, 0 for a connection that was cut.
import { connect } from 'node:net';

export type Target = { url: string; key: string };
export type Attack = {
  name: string;
  /** At once; each sends its next when the answer to the one before is there. */
  attackers: number;
  strike(target: Target, count: number): Promise<number>;
};

const FORGED = [
  // alg none, and a signature of nobody
  `${encoded({ alg: 'none' })}.${encoded({ sub: 'key_1', scope: 'admin' })}.`,
  `${encoded({ alg: 'RS256', kid: 'x' })}.${encoded({ sub: 'key_1', exp: 9e9 })}.${'A'.repeat(342)}`,
  `${encoded({ alg: 'HS256' })}.${encoded({ sub: 'key_1', exp: 1 })}.${'A'.repeat(43)}`,
];
const ALIASES = Array.from({ length: 1_000 }, (_, i) => `a${i}: price(symbol: "BTC") { price }`).join(' ');
const DEEP = `${'{ price(symbol: "BTC") '.repeat(1)}${'{ feed '.repeat(50)}${'}'.repeat(50)} }`;
const TEN_MEGABYTES = `{"symbol":"${'x'.repeat(10 * 1024 * 1024)}"}`;
const PRICES = ['-1', 'NaN', '1e400', '9'.repeat(200), '0', '"<img src=x onerror=alert(1)>"'];
const PATHS = [
  '/guide/..%2f..%2f..%2fetc%2fpasswd',
  '/guide/%2e%2e/%2e%2e/package.json',
  '/..%5c..%5cwindows',
  '/guide/%00',
];

export const ATTACKS: readonly Attack[] = [
  graphql('malformed GraphQL', '{ price('),
  graphql('1,000 aliases', `{ ${ALIASES} }`),
  graphql('depth 50', DEEP),
  {
    name: '10 MB bodies',
    attackers: 2,
    strike: (target) => post(target, '/v1/submissions', TEN_MEGABYTES),
  },
  {
    name: 'impossible prices',
    attackers: 4,
    strike: (target, count) =>
      post(
        target,
        '/v1/submissions',
        `{"symbol":"BTC","price_usd":${PRICES[count % PRICES.length]},"timestamp":"1970-01-01T00:00:00Z","submitted_by":"x"}`,
      ),
  },
  {
    name: 'forged tokens',
    attackers: 4,
    strike: ({ url }, count) =>
      status(`${url}/v1/prices`, { headers: { authorization: `Bearer ${FORGED[count % FORGED.length]}` } }),
  },
  {
    name: 'wrong keys',
    attackers: 4,
    strike: ({ url }, count) =>
      status(`${url}/v1/prices`, {
        headers: { 'x-api-key': `ak_${count.toString(16).padStart(12, '0')}_${'x'.repeat(43)}` },
      }),
  },
  {
    name: 'replayed idempotency keys',
    attackers: 4,
    strike: (target, count) =>
      post(target, '/v1/price-requests', JSON.stringify({ feed: 'BTC/USD', deadlineMs: 1_000 + count }), {
        'idempotency-key': 'the-same',
      }),
  },
  {
    name: 'paths out of the site',
    attackers: 4,
    strike: ({ url }, count) => status(`${url}${PATHS[count % PATHS.length]}`, {}),
  },
  {
    name: 'header bombs',
    attackers: 4,
    strike: ({ url }) =>
      raw(url, `GET /v1/prices HTTP/1.1\r\nhost: x\r\n${`x-bomb: ${'a'.repeat(1_000)}\r\n`.repeat(100)}\r\n`),
  },
  { name: 'slow-loris', attackers: 300, strike: ({ url }) => drip(url) },
];

function graphql(name: string, query: string): Attack {
  const body = JSON.stringify({ query });
  return { name, attackers: 4, strike: (target) => post(target, '/graphql', body) };
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function post(
  target: Target,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<number> {
  return status(`${target.url}${path}`, {
    method: 'POST',
    body,
    headers: { 'x-api-key': target.key, 'content-type': 'application/json', ...headers },
  });
}

async function status(url: string, init: RequestInit): Promise<number> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** What no client library would send. */
function raw(url: string, text: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((done) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let head = '';
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1');
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => done(Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0)));
    socket.setTimeout(20_000, () => socket.destroy());
  });
}

/** A request that never gets to its end, a byte at a time, until the server has enough of it. */
function drip(url: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((done) => {
    const socket = connect(Number(port), hostname, () =>
      socket.write('GET /v1/prices HTTP/1.1\r\nhost: x\r\nx-slow: '),
    );
    const timer = setInterval(() => socket.write('a'), 500);
    let head = '';
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      done(Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0));
    });
    setTimeout(() => socket.destroy(), 30_000).unref();
  });
}
