// The laws that a source must obey to be registered, checked when it is loaded, from the folder or from
// outside. In: a module's default export and the name of its file. Out: the source, or CONFIG_INVALID
// naming source, field and fix. Invariant: what is in the registry can be polled or streamed without a
// surprise in its shape.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { SOURCE_KINDS } from '../model/feed.ts';
import type { HttpTransport, Source, SourceLimits, StreamTransport } from './define-source.ts';

/** Silence is noticed within 10 s: a decision of the design, not of an adapter. */
export const SILENCE_MAX_MS = 10_000;
/** Half of the silence that is allowed. */
const SETTLE_MAX_MS = SILENCE_MAX_MS / 2;
/** The longest wait of a timer (2^31 - 1 ms); a longer life would end at once. */
const TIMER_MAX_MS = 2_147_483_647;

const ID = /^[a-z0-9]+(?:_[a-z0-9]+)*$/;

/** File name and id are one name: `uniswap-v3.ts` holds `uniswap_v3`. */
export function sourceIdOfFile(fileName: string): string {
  return fileName.replace(/\.[cm]?[jt]s$/, '').replaceAll('-', '_');
}

/** @throws AssayError CONFIG_INVALID */
export function checkSource(candidate: unknown, fileName?: string): Source {
  if (candidate === null || typeof candidate !== 'object')
    throw unusable(fileName ?? 'a source', 'default', 'export default defineSource({...})');
  const source = candidate as Source;
  const name = typeof source.id === 'string' && source.id !== '' ? source.id : (fileName ?? 'a source');
  const demand = (holds: boolean, field: string, fix: string): void => {
    if (!holds) throw unusable(name, field, fix);
  };
  demand(typeof source.id === 'string' && ID.test(source.id), 'id', 'lower case letters, digits and "_"');
  if (fileName !== undefined)
    demand(
      source.id === sourceIdOfFile(fileName),
      'id',
      `"${sourceIdOfFile(fileName)}", as the file is named`,
    );
  demand(isText(source.name), 'name', 'the name that people use');
  demand(isWebAddress(source.homepage), 'homepage', 'an https address');
  demand(
    isWebAddress(source.documentation),
    'documentation',
    'the https address of the page it was written from',
  );
  demand(SOURCE_KINDS.includes(source.kind), 'kind', `one of ${SOURCE_KINDS.join(', ')}`);
  demand(typeof source.symbol === 'function', 'symbol', "a function from pair to the venue's spelling");
  demand(source.endpoints !== null && typeof source.endpoints === 'object', 'endpoints', 'addresses by role');
  for (const [role, address] of Object.entries(source.endpoints))
    demand(isAddress(address), `endpoints.${role}`, 'an address without a slash at its end');
  checkLimits(source.limits, demand);
  if (source.instruments !== undefined) {
    demand(
      typeof source.instruments.requests === 'function',
      'instruments.requests',
      'a function that lists the requests',
    );
    demand(
      typeof source.instruments.parse === 'function',
      'instruments.parse',
      'a function that reads the list',
    );
  }
  if (source.kind !== 'submitted')
    demand(source.http !== undefined || source.stream !== undefined, 'http', 'http, stream or both');
  if (source.http !== undefined) checkHttp(source.http, demand);
  if (source.stream !== undefined) checkStream(source.stream, demand);
  checkExamples(source, demand);
  return source;
}

type Demand = (holds: boolean, field: string, fix: string) => void;

function checkLimits(limits: SourceLimits | undefined, demand: Demand): void {
  demand(limits?.requests !== undefined, 'limits', 'the limit of requests that the venue documents');
  demand(isCount(limits?.requests.count), 'limits.requests.count', 'a whole number above zero');
  demand(isCount(limits?.requests.windowMs), 'limits.requests.windowMs', 'milliseconds above zero');
  if (limits?.credits === undefined) return;
  demand(isCount(limits.credits.count), 'limits.credits.count', 'a whole number above zero');
  demand(isCount(limits.credits.periodMs), 'limits.credits.periodMs', 'milliseconds above zero');
}

function checkHttp(http: HttpTransport, demand: Demand): void {
  demand(isCount(http.intervalMs), 'http.intervalMs', 'milliseconds above zero');
  demand(isCount(http.timeoutMs), 'http.timeoutMs', 'milliseconds above zero');
  demand(typeof http.requests === 'function', 'http.requests', 'a function that lists the requests');
  demand(typeof http.parse === 'function', 'http.parse', 'a function that reads an answer');
}

function checkStream(stream: StreamTransport, demand: Demand): void {
  demand(typeof stream.url === 'function', 'stream.url', 'a function that gives the address');
  demand(typeof stream.subscribe === 'function', 'stream.subscribe', 'a function that lists the messages');
  demand(typeof stream.parse === 'function', 'stream.parse', 'a function that reads a frame');
  if (stream.prepare !== undefined) {
    const { request, read } = stream.prepare;
    demand(typeof request === 'function', 'stream.prepare.request', 'a function that gives the request');
    demand(typeof read === 'function', 'stream.prepare.read', 'a function that reads its answer');
  }
  demand(
    isCount(stream.silenceAfterMs) && stream.silenceAfterMs <= SILENCE_MAX_MS,
    'stream.silenceAfterMs',
    `at most ${SILENCE_MAX_MS}: a dead stream is noticed within 10 s`,
  );
  demand(typeof stream.vouches === 'boolean', 'stream.vouches', 'true or false');
  demand(isCount(stream.pairsPerConnection), 'stream.pairsPerConnection', 'a whole number above zero');
  demand(stream.messagesPerSecond > 0, 'stream.messagesPerSecond', 'a number above zero');
  if (stream.settleMs !== undefined)
    demand(
      isCount(stream.settleMs) && stream.settleMs <= SETTLE_MAX_MS,
      'stream.settleMs',
      `at most ${SETTLE_MAX_MS}: a connection has to speak before its silence counts`,
    );
  if (stream.lifeMs !== undefined)
    demand(
      isCount(stream.lifeMs) && stream.lifeMs <= TIMER_MAX_MS,
      'stream.lifeMs',
      `at most ${TIMER_MAX_MS}`,
    );
  if (stream.keepAlive !== undefined)
    demand(
      isCount(stream.keepAlive.everyMs) && stream.keepAlive.everyMs < stream.silenceAfterMs,
      'stream.keepAlive.everyMs',
      'less than silenceAfterMs, so that its answer can show life in time',
    );
}

function checkExamples(source: Source, demand: Demand): void {
  demand(
    Array.isArray(source.examples) && source.examples.length > 0,
    'examples',
    'at least one real payload',
  );
  const has = (transport: string) => source.examples.some((example) => example.transport === transport);
  if (source.http !== undefined) demand(has('http'), 'examples', 'at least one with transport "http"');
  if (source.stream !== undefined) demand(has('stream'), 'examples', 'at least one with transport "stream"');
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** A page of our own, such as /docs, starts with a slash. */
function isWebAddress(value: unknown): boolean {
  return typeof value === 'string' && /^(?:https:\/\/\S+|\/\S*)$/.test(value);
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /^(?:https?|wss?):\/\/\S*[^\s/]$/.test(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function unusable(name: string, field: string, fix: string): AssayError {
  return new AssayError('CONFIG_INVALID', `source ${name} cannot be registered: "${field}" must be ${fix}`, {
    context: { field: `${name}.${field}` },
    recovery: `Correct "${field}" in the file of ${name}; CONTRIBUTING.md describes it.`,
  });
}
