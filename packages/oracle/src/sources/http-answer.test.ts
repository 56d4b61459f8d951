import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { needsRecordings, recordings } from '../../../../test/recordings.ts';
import type { Pair } from '../model/pair.ts';
import type { Parsed, Source } from './define-source.ts';
import { errorOfAnswer, waitTold, wordsOf } from './http-answer.ts';
import { START, scriptedWorld } from './scripted-world.ts';
import { sourceContext } from './source-context.ts';

type Recorded = { venue: string; status: number; headers: Record<string, string>; body: string | null };

const answerOf = (status: number, body = '', headers: Record<string, string> = {}) => {
  return { status, body, headers, receivedAt: Date.parse('2026-01-01T00:00:00Z') };
};

/** As the recordings call them. */
const VENUES: Record<string, string> = { coinbase_exchange: 'coinbase', any: 'okx' };

async function adapterOf(id: string): Promise<Source> {
  const file = join(import.meta.dirname, 'adapters', `${id.replaceAll('_', '-')}.ts`);
  return ((await import(pathToFileURL(file).href)) as { default: Source }).default;
}

/** What an adapter's own example of prices says, asked of the venue itself. */
function exampleOf(source: Source): { pairs: Pair[]; body: string; at: number } {
  const example = source.examples.find(({ transport, expect }) => {
    return transport === 'http' && 'prices' in expect && expect.prices.length > 0;
  })!;
  const [price] = (example.expect as { prices: Partial<Parsed>[] }).prices;
  const at = price!.observedAt ?? price!.venueAt ?? START;
  return { pairs: [...example.pairs], body: String(example.payload), at };
}

test(
  'every recorded error answer leads to the behaviour that its kind demands, by the adapter of its venue',
  needsRecordings(),
  async (context) => {
    const file = join(recordings()!, 'open', 'errors', 'http_errors.json');
    const all = JSON.parse(readFileSync(file, 'utf8')) as Recorded[];
    assert.ok(all.length >= 13);
    for (const [index, { venue, status: code, headers, body }] of all.entries()) {
      const source = await adapterOf(VENUES[venue] ?? venue);
      await context.test(`${index}: ${source.id} ${code}`, async () => {
        const { pairs, body: good, at } = exampleOf(source);
        const { clock, outbound, service, status } = scriptedWorld(
          [{ source, pairs, transport: 'poll', credentials: { key: 'k' } }],
          { startAt: at },
        );
        let asked = 0;
        outbound.answer = (request) => {
          const isList = source.instruments !== undefined && !isPoll(source, request.url, pairs);
          if (isList) return { status: 503, body: '' };
          return asked++ === 0 ? { status: code, headers, body: body ?? '' } : { body: good };
        };
        await service.start();
        await clock.advance(2_000);
        const { state, lastError, retryAt } = status();
        const isLimit = code === 429 || code === 418 || /lockout/.test(body ?? '');
        if (isLimit) {
          const waitMs = Number(headers['retry-after'] ?? (code === 418 ? 120 : 60)) * 1_000;
          assert.deepEqual([state, lastError?.code], ['rate-limited', 'SOURCE_RATE_LIMITED']);
          assert.ok(Math.abs(retryAt! - clock.now() - waitMs) < 3_100, `${retryAt! - clock.now()} ms`);
          await clock.advance(waitMs - 3_000);
          assert.equal(asked, 1, 'not asked before the end of the wait');
          await clock.advance(180_000);
        } else if (code === 403) {
          assert.equal(state, 'refused');
          assert.match(lastError!.message, /could not be satisfied|Attention Required/);
          await clock.advance(120_000);
          return assert.equal(asked, 1, 'never asked again by itself');
        } else if (code === 200 && venue === 'any') {
          assert.equal(lastError?.code, 'SOURCE_BAD_PAYLOAD');
          await clock.advance(180_000);
        } else {
          assert.equal(lastError?.code, 'SOURCE_REFUSED');
          const words = /"(?:message|error|retMsg)": ?"([^"]+)"/.exec(body ?? '')![1]!;
          assert.ok(lastError.message.includes(words), lastError.message);
          await clock.advance(180_000);
        }
        assert.ok(asked >= 2, 'asked again');
        assert.ok(status().counts.published > 0, JSON.stringify(status()));
        await service.stop();
      });
    }
  },
);

function isPoll(source: Source, url: string, pairs: readonly Pair[]): boolean {
  const context = sourceContext(source, { pairs });
  return source.http!.requests(context).some((request) => request.url === url);
}

test('an adapter that reads its venue has the first word, and the header the last on the wait', () => {
  const explain = () => ({
    code: 'SOURCE_RATE_LIMITED' as const,
    message: 'access too frequent',
    retryAfterMs: 9_000,
  });
  const error = errorOfAnswer('bybit', answerOf(403), explain);
  assert.deepEqual([error?.code, error?.retryAfterMs], ['SOURCE_RATE_LIMITED', 9_000]);
  assert.equal(
    errorOfAnswer('bybit', answerOf(403, '', { 'retry-after': '3' }), explain)?.retryAfterMs,
    3_000,
  );
  assert.equal(errorOfAnswer('bybit', answerOf(502, 'bad gateway'), undefined)?.isTransient, true);
  assert.equal(errorOfAnswer('bybit', answerOf(404, '{"msg":"no such"}'), undefined)?.isTransient, false);
  assert.equal(errorOfAnswer('bybit', answerOf(200, '[]'), undefined), undefined);
});

test('a wait is read in seconds or as a date by the clock of the venue, and bounded', () => {
  assert.equal(waitTold(answerOf(429, '', { 'retry-after': '1.5' })), 1_500);
  assert.equal(waitTold(answerOf(429, '', { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' })), 30_000);
  const date = 'Thu, 01 Jan 2026 01:00:00 GMT';
  assert.equal(waitTold(answerOf(429, '', { date, 'retry-after': 'Thu, 01 Jan 2026 01:00:10 GMT' })), 10_000);
  assert.equal(waitTold(answerOf(429, '', { 'retry-after': 'Thu, 01 Jan 2025 00:00:00 GMT' })), 0);
  assert.equal(waitTold(answerOf(429, '', { 'retry-after': '999999999' })), 3 * 86_400_000);
  for (const text of ['', 'soon', '-1', 'NaN'])
    assert.equal(waitTold(answerOf(429, '', { 'retry-after': text })), undefined);
});

test("the venue's own words are kept, short and on one line", () => {
  assert.equal(wordsOf(answerOf(451, '{"code":0,"msg":"restricted location"}')), 'restricted location');
  assert.equal(
    wordsOf(answerOf(403, '<html><title>\n Attention\n Required! </title>')),
    'Attention Required!',
  );
  assert.ok(wordsOf(answerOf(500, 'x'.repeat(100_000))).length <= 240);
  assert.equal(wordsOf(answerOf(500)), 'no words');
});
