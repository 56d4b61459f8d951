// A crowd of subscribers in one process, for `soak -- subscribers`: most read what comes, some read slowly,
// some vanish (half of them by a broken connection, half by falling silent) and are replaced by new ones.
// Answers how far the healthy ones were behind.
import { seededRandom } from '@assay/kernel/random/random';
import { answerWith } from './child.ts';
import { operationId, RawSubscriber } from './raw-subscriber.ts';

export type CrowdQuestion =
  | {
      what: 'connect';
      url: string;
      key: string;
      query: string;
      seed: number;
      healthy: number;
      slow: number;
      vanishing: number;
      /** A vanishing client lives up to this long. */
      livesMaxMs: number;
    }
  /** From now on; what was before it is forgotten. */
  | { what: 'begin' }
  | { what: 'report' };
export type CrowdAnswer = {
  healthy: number;
  messages: number;
  /** From the observation to its arrival at a healthy client; the silence of one counts as much. */
  worstBehindMs: number;
  meanBehindMs: number;
  /** Healthy clients that lost their connection: none should. */
  lost: number;
  vanished: number;
  slowMessages: number;
  slowReconnects: number;
};

const AT_ONCE = 100;
/** A slow reader reads for a moment, this seldom. */
const SLOW_EVERY_MS = 5_000;
const SLOW_MOMENT_MS = 20;
const REPLACE_AFTER_MS = 500;
/** Longer than the server waits: a ping every 10 s, and 30 s without an answer. */
const SILENT_FOR_MS = 45_000;

type Healthy = { lastAtMs: number };

const healthy = new Set<Healthy>();
let order = 0;
let messages = 0;
let behindSumMs = 0;
let worstBehindMs = 0;
let lost = 0;
let vanished = 0;
let slowMessages = 0;
let slowReconnects = 0;
let crowd: CrowdQuestion & { what: 'connect' };
let random = seededRandom(1);

answerWith<CrowdQuestion, CrowdAnswer>(async (question) => {
  if (question.what === 'connect') await connectAll(question);
  if (question.what === 'begin') begin();
  const nowMs = Date.now();
  for (const client of healthy) worstBehindMs = Math.max(worstBehindMs, nowMs - client.lastAtMs);
  return {
    healthy: healthy.size,
    messages,
    worstBehindMs,
    meanBehindMs: messages === 0 ? 0 : behindSumMs / messages,
    lost,
    vanished,
    slowMessages,
    slowReconnects,
  };
});

async function connectAll(question: CrowdQuestion & { what: 'connect' }): Promise<void> {
  crowd = question;
  random = seededRandom(question.seed);
  const makers = [
    ...Array.from({ length: question.healthy }, () => addHealthy),
    ...Array.from({ length: question.slow }, () => addSlow),
    ...Array.from({ length: question.vanishing }, () => addVanishing),
  ];
  for (let first = 0; first < makers.length; first += AT_ONCE) {
    await Promise.all(makers.slice(first, first + AT_ONCE).map((make) => make()));
  }
}

function begin(): void {
  messages = 0;
  behindSumMs = 0;
  worstBehindMs = 0;
  slowMessages = 0;
  for (const client of healthy) client.lastAtMs = Date.now();
}

function subscribe(onMessage: (message: Buffer) => void, onClosed: () => void): RawSubscriber {
  const { url, key, query } = crowd;
  order += 1;
  return new RawSubscriber({ url, key, query, id: operationId(order), onMessage, onClosed });
}

async function addHealthy(): Promise<void> {
  const client: Healthy = { lastAtMs: Date.now() };
  const subscriber = subscribe(
    (message) => {
      const nowMs = Date.now();
      const behindMs = nowMs - observedAt(message);
      client.lastAtMs = nowMs;
      messages += 1;
      behindSumMs += behindMs;
      if (behindMs > worstBehindMs) worstBehindMs = behindMs;
    },
    () => {
      healthy.delete(client);
      lost += 1;
    },
  );
  await subscriber.ready;
  healthy.add(client);
}

/** When it is cut off it comes back, as a slow client does. */
async function addSlow(): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const subscriber = subscribe(
    () => {
      slowMessages += 1;
    },
    () => {
      clearInterval(timer);
      slowReconnects += 1;
      setTimeout(() => void addSlow().catch(() => undefined), REPLACE_AFTER_MS);
    },
  );
  await subscriber.ready;
  subscriber.socket.pause();
  timer = setInterval(() => {
    subscriber.socket.resume();
    setTimeout(() => subscriber.socket.pause(), SLOW_MOMENT_MS);
  }, SLOW_EVERY_MS);
}

async function addVanishing(): Promise<void> {
  const subscriber = subscribe(
    () => undefined,
    () => setTimeout(() => void addVanishing().catch(() => undefined), REPLACE_AFTER_MS),
  );
  await subscriber.ready;
  const isSilent = random.next() < 0.5;
  setTimeout(() => {
    vanished += 1;
    if (!isSilent) {
      subscriber.socket.resetAndDestroy();
      return;
    }
    // It neither reads nor says goodbye; the server has to find out, and has by then.
    subscriber.socket.pause();
    setTimeout(() => subscriber.socket.destroy(), SILENT_FOR_MS);
  }, random.next() * crowd.livesMaxMs);
}

const FIELD = '"timestamp":"';

/** The instant in the message, found without parsing the rest: there are 45,000 of them a second. */
function observedAt(message: Buffer): number {
  const at = message.indexOf(FIELD) + FIELD.length;
  return Date.parse(message.toString('latin1', at, at + 24));
}
