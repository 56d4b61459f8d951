// The description of the API is valid, says what is served, and whatever is sent by it or against it gets an
// answer below 500. 800 requests here; 20,000 with ASSAY_FUZZ_REQUESTS=20000.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '@assay/kernel/telemetry/log';
import { systemClock } from '@assay/kernel/time/clock';
import { createEmbeddedLedger } from '@assay/ports/ledger/embedded';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { createNetworkOutbound } from '@assay/ports/outbound/network';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import fc from 'fast-check';
import { ApiRig, answerOf } from '../../../../test/api-rig.ts';

const REQUESTS = Number(process.env.ASSAY_FUZZ_REQUESTS ?? 800);
const folder = mkdtempSync(join(tmpdir(), 'assay-fuzz-'));
let ledger: Ledger;
let rig: ApiRig;

type Operation = {
  operationId: string;
  parameters: { name: string; in: string; schema: Record<string, unknown> }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
};
type Schema = {
  type?: string | string[];
  properties?: Record<string, Schema>;
  examples?: unknown[];
  enum?: unknown[];
};
type Document = { openapi: string; paths: Record<string, Record<string, Operation>> };
let document: Document;

before(async () => {
  ledger = createEmbeddedLedger({ path: join(folder, 'postgres'), clock: systemClock, log: silentLog });
  await ledger.start();
  rig = new ApiRig({ ledger, outbound: createNetworkOutbound({ clock: systemClock }) });
  await rig.start();
  await rig.answer(answerOf('BTC/USD', '100.00', rig.clock.now()));
  document = (await rig.get('/openapi.json', {})).json() as unknown as Document;
});
after(async () => {
  await rig.stop();
  await ledger.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the OpenAPI document', () => {
  test('is valid 3.1 and has an operation of its own name for everything that is served', async () => {
    const config = await createConfig({ extends: ['minimal'] });
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    const errors = problems.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      errors.map(({ message, location }) => `${location[0]?.pointer}: ${message}`),
      [],
    );
    assert.equal(document.openapi, '3.1.0');
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    const names = operations.map(({ operationId }) => operationId);
    assert.equal(new Set(names).size, names.length);
    assert.equal(names.length, rig.api().routes().length);
  });

  test('the pages that describe the API need no key, are ours alone, and lasting ones are not sent twice', async () => {
    for (const path of ['/docs', '/docs/swagger-ui.css', '/docs/start.js', '/openapi.json']) {
      const page = await rig.get(path, {});
      assert.equal(page.status, 200, path);
      assert.doesNotMatch(page.text.slice(0, 2_000), /(src|href)="https?:/);
      const tag = page.headers.get('etag')!;
      assert.equal((await rig.get(path, { 'if-none-match': tag })).status, 304);
    }
    assert.equal((await rig.get('/docs/package.json', {})).status, 404);
    assert.equal((await rig.get('/docs/__proto__', {})).status, 404);
  });

  test(`no ${REQUESTS} requests made from it, or against it, end in a fault of the server`, async () => {
    const { key } = await rig.keys.create({
      name: 'fuzz',
      scopes: ['prices:read', 'prices:submit', 'admin'],
      tier: 'high',
    });
    const base = rig.api().addresses().api;
    const failures: string[] = [];
    const statuses = new Map<number, number>();
    const requests = fc.sample(requestOf(document), { numRuns: REQUESTS, seed: 4 });
    // Prices on demand wait on the clock, which moves while all others are asked.
    let isDone = false;
    const moving = (async () => {
      while (!isDone) {
        await rig.clock.advance(500);
        await new Promise((next) => setTimeout(next, 2));
      }
    })();
    const next = requests[Symbol.iterator]();
    const worker = async () => {
      for (let step = next.next(); !step.done; step = next.next()) {
        const { method, path, body, headers } = step.value;
        const response = await fetch(base + path, {
          method,
          headers: { 'x-api-key': key, ...headers },
          ...(body === undefined ? {} : { body }),
        });
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
        const text = isStream ? '' : await response.text();
        if (isStream) await response.body?.cancel();
        // 503 says that something is not there, such as the sandbox: an answer, not a fault.
        if (response.status >= 500 && response.status !== 503) {
          failures.push(`${method} ${path} ${body}: ${response.status} ${text}`);
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    isDone = true;
    await moving;
    assert.deepEqual(failures.slice(0, 3), []);
    assert.ok((statuses.get(200) ?? 0) > REQUESTS / 50, `some are good: ${JSON.stringify([...statuses])}`);
    assert.ok((statuses.get(400) ?? 0) > REQUESTS / 50, `some are bad: ${JSON.stringify([...statuses])}`);
  });
});

describe('the Postman collection', () => {
  test('runs as it is: every request that needs nothing made before gets its answer', async () => {
    const { key } = await rig.keys.create({ name: 'postman', scopes: ['admin'], tier: 'high' });
    const collection = (await rig.get('/postman.json', {})).json() as unknown as Collection;
    // Streams do not end, and what changes the sandbox or waits for the clock is not for here.
    const isShort = ({ name }: { name: string }) => !/stream|events|price-requests|sandbox|oauth/.test(name);
    collection.item = collection.item.map((folder) => ({ ...folder, item: folder.item.filter(isShort) }));
    // @ts-expect-error newman brings no types
    const { default: newman } = (await import('newman')) as { default: Newman };
    const summary = await new Promise<NewmanSummary>((done, fail) => {
      const envVar = [
        { key: 'baseUrl', value: rig.api().addresses().api },
        { key: 'apiKey', value: key },
      ];
      const options = { collection, envVar, timeoutRequest: 5_000 };
      newman.run(options, (error, made) => (error === null ? done(made) : fail(error)));
    });
    const seen = summary.run.executions.map(({ item, response }) => `${item.name} ${response?.code}`);
    assert.deepEqual(
      seen.filter((text) => !/ (2\d\d|400|403|404|503)$/.test(text)),
      [],
    );
    for (const path of ['/v1/prices', '/v1/prices/{feed}', '/v1/feeds', '/v1/status', '/v1/webhooks']) {
      assert.ok(seen.includes(`GET ${path} 200`), `${path}: ${seen}`);
    }
  });
});

type Collection = { item: { name: string; item: { name: string }[] }[] };
type Newman = {
  run(options: object, done: (error: Error | null, summary: NewmanSummary) => void): unknown;
};
type NewmanSummary = {
  run: { executions: { item: { name: string }; response?: { code: number } }[] };
};

type Sent = { method: string; path: string; body: string | undefined; headers: Record<string, string> };

function requestOf({ paths }: Document): fc.Arbitrary<Sent> {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  return fc.constantFrom(...operations).chain(({ path, method, operation }) => {
    const { parameters, requestBody } = operation;
    const values = fc.tuple(...parameters.map(({ schema }) => fc.option(textOf(schema), { freq: 3 })));
    const [content] = Object.values(requestBody?.content ?? {});
    const body = content === undefined ? fc.constant(undefined) : bodyOf(content.schema);
    return fc.record({ values, body }).map((made): Sent => {
      let address = path;
      const query = new URLSearchParams();
      const headers: Record<string, string> = {};
      parameters.forEach((parameter, i) => {
        const value = made.values[i];
        const { name } = parameter;
        if (parameter.in === 'path') address = address.replace(`{${name}}`, encodeURIComponent(value || 'x'));
        else if (value === null || value === undefined) return;
        else if (parameter.in === 'query') query.append(name, value);
        else headers[name] = value.replace(/[^\x20-\x7e]/g, '') || 'k';
      });
      if (made.body !== undefined) headers['content-type'] = 'application/json';
      const url = query.size === 0 ? address : `${address}?${query}`;
      return { method: method.toUpperCase(), path: url, body: made.body, headers };
    });
  });
}

const ODD = [
  '',
  '0',
  '-1',
  '1e400',
  'NaN',
  '9'.repeat(200),
  '../../etc/passwd',
  '%00',
  "' OR 1=1 --",
  '\u202e',
  'BTC',
];

/** What the schema has as an example, and what nobody meant. */
function textOf(schema: Record<string, unknown>): fc.Arbitrary<string> {
  const good = [...((schema.examples as unknown[]) ?? []), ...((schema.enum as unknown[]) ?? [])].map(String);
  const known = ['BTC-USD', 'BTC/USD', '1', '100', '2026-11-21T10:00:00.000Z', ...good];
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...known) },
    { weight: 1, arbitrary: fc.constantFrom(...ODD) },
    // Half of a surrogate pair cannot stand in an address.
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
  );
}

function bodyOf(schema: Schema): fc.Arbitrary<string> {
  const names = Object.keys(schema.properties ?? {});
  const value = fc.oneof(
    fc.constantFrom<unknown>(...ODD),
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
  );
  const example = (schema.examples?.[0] ?? {}) as Record<string, unknown>;
  const changed = fc.dictionary(
    names.length === 0 ? fc.string() : fc.constantFrom(...names, 'other'),
    value,
    {
      maxKeys: 2,
    },
  );
  return fc.oneof(
    fc.constant(JSON.stringify(example)),
    changed.map((change) => JSON.stringify({ ...example, ...change })),
    fc.json(),
    fc.string(),
  );
}
