// What every door to the outside must do. In: a far side that the implementation makes real (a local server,
// a script). Out: the suite. It uses wall time only to end.
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import type { Outbound, OutboundSocket, SocketRequest } from './outbound.ts';

/**
 * The far side that every world offers:
 *   GET  /teapot   418, header "X-Kind: Pot", body "short and stout"
 *   GET  /moved    302 to /teapot
 *   GET  /large    a body of 100,000 bytes
 *   GET  /silent   nothing for at least 5 s
 *   /socket        sends the text "hello", the bytes 1 2 3 and a ping; sends "echo <frame>" for each frame;
 *                  after "bye" it closes with 4001 "so long"
 */
export type OutboundWorld = {
  outbound: Outbound;
  httpUrl: string;
  socketUrl: string;
  /** Nothing answers here. */
  deadUrl: string;
  deadSocketUrl: string;
  close(): Promise<void>;
};

export type SocketEvents = {
  events: unknown[];
  socket: OutboundSocket;
  closed: Promise<{ code: number; text: string }>;
};

export async function eventually(what: string, isTrue: () => boolean): Promise<void> {
  const giveUpAt = systemClock.monotonic() + 10_000;
  while (!isTrue()) {
    ok(systemClock.monotonic() < giveUpAt, `waited in vain for: ${what}`);
    await systemClock.sleep(2);
  }
}

/** Opens a socket and keeps everything that happens on it, in order. */
export function openRecording(
  outbound: Outbound,
  url: string,
  timeoutMs = 5_000,
  more: Pick<SocketRequest, 'compression'> = {},
): SocketEvents {
  const events: unknown[] = [];
  let settle = (_: { code: number; text: string }): void => {};
  const closed = new Promise<{ code: number; text: string }>((resolve) => {
    settle = resolve;
  });
  const socket = outbound.open(
    { url, timeoutMs, ...more },
    {
      onOpen: () => void events.push('open'),
      onFrame: (frame) => void events.push(typeof frame === 'string' ? frame : [...frame]),
      onPulse: () => void events.push('pulse'),
      onClose(reason) {
        events.push('close');
        settle(reason);
      },
    },
  );
  return { events, socket, closed };
}

export function outboundSuite(name: string, create: () => Promise<OutboundWorld>): void {
  describe(`${name} as outbound`, () => {
    let world: OutboundWorld;
    beforeEach(async () => {
      world = await create();
    });
    afterEach(() => world.close());
    requestTests(() => world);
    socketTests(() => world);
  });
}

function requestTests(use: () => OutboundWorld): void {
  const get = (path: string, timeoutMs = 5_000, maximumBytes?: number, signal?: AbortSignal) => {
    const limit = maximumBytes === undefined ? {} : { maximumBytes };
    return use().outbound.request({ method: 'GET', url: use().httpUrl + path, timeoutMs, ...limit }, signal);
  };

  test('gives an answer of any status, with names of headers in lower case and when it came', async () => {
    const before = systemClock.now();
    const answer = await get('/teapot');
    strictEqual(answer.status, 418);
    strictEqual(answer.headers['x-kind'], 'Pot');
    strictEqual(answer.body, 'short and stout');
    ok(answer.receivedAt >= before && answer.receivedAt <= systemClock.now());
    ok(answer.durationMs >= 0);
  });

  test('does not follow a redirect: it is an answer', async () => {
    const { status, headers } = await get('/moved');
    strictEqual(status, 302);
    ok(headers.location?.endsWith('/teapot'));
  });

  test('refuses a body beyond its bound, and takes one within it', async () => {
    await rejects(get('/large', 5_000, 99_999), (error) => isAssayError(error, 'OUTBOUND_TOO_LARGE'));
    strictEqual((await get('/large', 5_000, 100_000)).body.length, 100_000);
  });

  test('gives up after its time, and at once when the caller does', async () => {
    await rejects(get('/silent', 50), (error) => {
      return (
        isAssayError(error, 'OUTBOUND_TIMEOUT') && error.context.reason === 'timeout' && error.isTransient
      );
    });
    const caller = new AbortController();
    const asking = get('/silent', 4_000, undefined, caller.signal);
    caller.abort();
    await rejects(
      asking,
      (error) => isAssayError(error, 'OUTBOUND_FAILED') && error.context.reason === 'aborted',
    );
  });

  test('says in one word why no answer came', async () => {
    const { outbound, deadUrl } = use();
    await rejects(outbound.request({ method: 'GET', url: deadUrl, timeoutMs: 5_000 }), (error) => {
      return isAssayError(error, 'OUTBOUND_FAILED') && error.context.reason === 'refused';
    });
  });
}

function socketTests(use: () => OutboundWorld): void {
  test('carries text, bytes and pulses, and says once how it ended', async () => {
    const { outbound, socketUrl } = use();
    const { events, socket, closed } = openRecording(outbound, socketUrl);
    strictEqual(socket.send('too early'), false);
    await eventually('the greeting', () => events.includes('pulse'));
    strictEqual(socket.send('one'), true);
    await eventually('the echo', () => events.includes('echo one'));
    socket.send('bye');
    deepStrictEqual(await closed, { code: 4001, text: 'so long' });
    strictEqual(socket.send('too late'), false);
    socket.ping();
    socket.close();
    await systemClock.sleep(20);
    deepStrictEqual(
      events.filter((event) => event !== 'echo bye'),
      ['open', 'hello', [1, 2, 3], 'pulse', 'echo one', 'close'],
    );
  });

  test('gets a pulse for its own ping, and closes when it is told to', async () => {
    const { outbound, socketUrl } = use();
    const { events, socket, closed } = openRecording(outbound, socketUrl);
    await eventually('the greeting', () => events.includes('pulse'));
    socket.ping();
    await eventually('the answer', () => events.filter((event) => event === 'pulse').length === 2);
    socket.close();
    await closed;
    strictEqual(events.at(-1), 'close');
  });

  test('reports a socket that cannot be opened as closed, never as open', async () => {
    const { outbound, deadSocketUrl } = use();
    const { events, closed } = openRecording(outbound, deadSocketUrl);
    const { code, text } = await closed;
    strictEqual(code, 1006);
    ok(text.startsWith('refused'));
    deepStrictEqual(events, ['close']);
  });

  test('closes every socket when it is closed itself', async () => {
    const { outbound, socketUrl } = use();
    const { events, closed } = openRecording(outbound, socketUrl);
    await eventually('the greeting', () => events.includes('hello'));
    await outbound.close();
    await closed;
    strictEqual(events.filter((event) => event === 'close').length, 1);
  });
}
