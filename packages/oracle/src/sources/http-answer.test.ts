import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsRecordings, recordings } from '../../../../test/recordings.ts';
import { errorOfAnswer, waitTold, wordsOf } from './http-answer.ts';
import { plainSource } from './scripted-venue.ts';
import { scriptedWorld } from './scripted-world.ts';

type Recorded = { venue: string; status: number; headers: Record<string, string>; body: string | null };

const answerOf = (status: number, body = '', headers: Record<string, string> = {}) => {
  return { status, body, headers, receivedAt: Date.parse('2026-01-01T00:00:00Z') };
};

test(
  'every recorded error answer leads to the behaviour that its kind demands',
  needsRecordings(),
  async (context) => {
    const file = join(recordings()!, 'open', 'errors', 'http_errors.json');
    const all = JSON.parse(readFileSync(file, 'utf8')) as Recorded[];
    assert.ok(all.length >= 13);
    for (const [index, { venue, status: code, headers, body }] of all.entries()) {
      await context.test(`${index}: ${venue} ${code}`, async () => {
        // The shell's own reading: what a venue says inside a 200 is its adapter's business.
        const source = plainSource('alpha', { stream: null });
        const { clock, outbound, service, status, body: good } = scriptedWorld([source]);
        let times = 0;
        outbound.answer = () =>
          times++ === 0 ? { status: code, headers, body: body ?? '' } : { body: good('1') };
        await service.start();
        await clock.advance(3_000);
        const { state, lastError, retryAt } = status();
        if (code === 429 || code === 418) {
          const waitS = Number(headers['retry-after'] ?? (code === 418 ? 120 : 60));
          assert.equal(state, 'rate-limited');
          assert.equal(lastError?.code, 'SOURCE_RATE_LIMITED');
          assert.ok(Math.abs(retryAt! - clock.now() - waitS * 1_000) < 3_100);
          assert.equal(times, 1);
        } else if (code === 403 || code === 451) {
          assert.equal(state, 'refused');
          assert.equal(times, 1);
          assert.match(lastError!.message, /could not be satisfied|Attention Required/);
        } else if (code === 200) {
          assert.ok(times >= 2, 'fetched again');
          assert.ok(lastError === null || lastError.code === 'SOURCE_BAD_PAYLOAD');
        } else {
          assert.equal(lastError?.code, 'SOURCE_REFUSED');
          assert.ok(times >= 2, 'asked again');
          assert.equal(status().pairsLive, 1);
        }
        await service.stop();
      });
    }
  },
);

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
