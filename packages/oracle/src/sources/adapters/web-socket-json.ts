// A source defined wholly in configuration: a WebSocket that pushes JSON. In: its definition (type
// `web-socket-json` in assay.yaml). Out: a source like any other, or CONFIG_INVALID naming the field that
// cannot be used. Frames are tried against the list of `frames` in order; one that matches none is
// SOURCE_BAD_PAYLOAD. Every number is read as the text that stands in the payload. Paths, templates and
// units: docs/guides/define-a-source.md.

import {
  defineSource,
  type Frame,
  type Source,
  type SourceContext,
  type StreamTransport,
} from '../define-source.ts';
import {
  type Definition,
  fill,
  fillAll,
  type JsonPath,
  jsonPath,
  type Matcher,
  matcherOf,
  namesIn,
  unusable,
  valueAt,
} from '../definition.ts';
import { pricesIn, readPriceFields } from '../json-prices.ts';
import { credentialValues, finishIdentity, readIdentity } from '../json-source.ts';
import { batchesOf, isFields, parseJsonExact, refusal, unknownFrame } from '../payload.ts';
import type { HttpJsonDefinition, PriceFieldsDefinition } from './http-json.ts';

export type WebSocketJsonDefinition = Omit<
  HttpJsonDefinition,
  'endpoints' | 'request' | 'answer' | 'errors' | 'intervalMs' | 'timeoutMs'
> & {
  endpoints: { stream: string };
  /** After the endpoint, with `{symbols}`; default nothing. */
  path?: string;
  headers?: Record<string, string>;
  /** Absent when the address says it all. */
  subscribe?: {
    /**
     * An element of a list that holds `{symbol}` is repeated for each; `{symbols}` is all of them, joined.
     */
    message: unknown;
    separator?: string;
    symbolsPerMessage?: number;
  };
  /** `message: ping-frame` sends a ping of the protocol; a text is sent as it is, anything else as JSON. */
  keepAlive?: { everyMs: number; message: unknown };
  silenceAfterMs?: number;
  vouches?: boolean;
  lifeMs?: number;
  pairsPerConnection?: number;
  messagesPerSecond?: number;
  numbering?: 'consecutive' | 'increasing';
  frames: ({
    name: string;
    /** Values by path, or a whole frame as text. */
    when: Record<string, string | number | boolean> | string;
    is?: 'prices' | 'control' | 'ignored' | 'error';
    /** For control frames. */
    action?: 'alive' | 'reconnect';
    /** Sent at once; `{path}` is what stands there in the frame. */
    reply?: string;
    /** For error frames: where the venue's words are. */
    message?: string;
    isRateLimit?: boolean;
  } & PriceFieldsDefinition)[];
};

/** @throws AssayError CONFIG_INVALID naming the field */
export function webSocketJsonSource(
  id: string,
  given: WebSocketJsonDefinition | Record<string, unknown>,
): Source {
  const { identity, definition } = readIdentity(id, given);
  if (identity.endpoints.stream === undefined)
    throw unusable(`${definition.where}.endpoints.stream`, undefined, 'the wss address of the venue');
  const stream = transportOf(definition);
  finishIdentity(definition);
  return defineSource({ ...identity, stream });
}

function transportOf(definition: Definition): StreamTransport {
  const path = definition.text('path', '/');
  const headers = definition.texts('headers');
  const frames = definition.sections('frames').map(frameRule);
  if (!frames.some(({ isPrices }) => isPrices))
    throw unusable(`${definition.where}.frames`, undefined, 'a list with at least one kind of price frames');
  const silenceAfterMs = definition.count('silenceAfterMs', 10_000);
  if (silenceAfterMs > 10_000)
    throw unusable(`${definition.where}.silenceAfterMs`, silenceAfterMs, 'at most 10000');
  const stream: StreamTransport = {
    url(context) {
      const symbols = context.pairs.map((pair) => encodeURIComponent(context.symbolOf(pair))).join(',');
      if (path === '/') return context.endpoints.stream ?? '';
      return `${context.endpoints.stream}${fill(path, { ...secretsOf(context), symbols })}`;
    },
    headers: (context) =>
      Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [name, fill(text, secretsOf(context))]),
      ),
    subscribe: definition.has('subscribe') ? subscription(definition.section('subscribe')) : () => [],
    parse: parser(frames),
    silenceAfterMs,
    sequence: definition.choice('numbering', ['consecutive', 'increasing'], 'increasing'),
    vouches: definition.flag('vouches', false),
    pairsPerConnection: definition.count('pairsPerConnection', 100),
    messagesPerSecond: definition.count('messagesPerSecond', 2),
  };
  if (definition.has('lifeMs')) stream.lifeMs = definition.count('lifeMs');
  if (definition.has('keepAlive')) stream.keepAlive = keepAliveOf(definition.section('keepAlive'));
  return stream;
}

function secretsOf(context: SourceContext): Record<string, string> {
  return credentialValues(context.credentials);
}

function subscription(definition: Definition): StreamTransport['subscribe'] {
  const message = definition.raw('message');
  if (message === undefined) throw unusable(`${definition.where}.message`, message, 'the message to send');
  const separator = definition.text('separator', ',');
  const names = namesIn(JSON.stringify(message));
  const isRepeated = hasRepeatedElement(message);
  const takesMany = isRepeated || names.includes('symbols');
  const symbolsPerMessage = definition.count('symbolsPerMessage', takesMany ? 100 : 1);
  if (!takesMany && symbolsPerMessage > 1)
    throw unusable(
      `${definition.where}.symbolsPerMessage`,
      symbolsPerMessage,
      '1, as the message has no list of {symbol}',
    );
  definition.finish();
  return (context) => {
    // Without a symbol in it one message is enough.
    const size = names.some((name) => name === 'symbol' || name === 'symbols')
      ? symbolsPerMessage
      : context.pairs.length;
    return batchesOf(context.pairs.map(context.symbolOf), Math.max(1, size)).map((symbols) => {
      const values = { ...secretsOf(context), symbol: symbols[0] ?? '', symbols: symbols.join(separator) };
      return textOf(fillAll(repeat(message, symbols), values));
    });
  };
}

function hasRepeatedElement(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((one) => namesIn(JSON.stringify(one)).includes('symbol'));
  return isFields(value) && Object.values(value).some(hasRepeatedElement);
}

/** Each element of a list with `{symbol}` in it, once for every symbol. */
function repeat(value: unknown, symbols: readonly string[]): unknown {
  if (Array.isArray(value))
    return value.flatMap((one) =>
      namesIn(JSON.stringify(one)).includes('symbol')
        ? symbols.map((symbol) => fillAll(one, { symbol }))
        : [one],
    );
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, repeat(one, symbols)]));
}

function keepAliveOf(definition: Definition): NonNullable<StreamTransport['keepAlive']> {
  const message = definition.raw('message');
  if (message === undefined)
    throw unusable(`${definition.where}.message`, message, 'ping-frame, a text or a message');
  const everyMs = definition.count('everyMs');
  definition.finish();
  return { everyMs, message: message === 'ping-frame' ? { frame: 'ping' } : textOf(message) };
}

function textOf(message: unknown): string {
  return typeof message === 'string' ? message : JSON.stringify(message);
}

type FrameRule = {
  name: string;
  isPrices: boolean;
  /** A whole frame, instead of a matcher. */
  text?: string;
  matches: Matcher;
  read(payload: unknown, context: SourceContext): Frame;
};

function frameRule(definition: Definition): FrameRule {
  const name = definition.text('name');
  const when = definition.raw('when');
  const is = definition.choice('is', ['prices', 'control', 'ignored', 'error'], 'prices');
  const rule: FrameRule = {
    name,
    isPrices: is === 'prices',
    matches: typeof when === 'string' ? () => false : matcherOf(definition, 'when'),
    read: { prices: priceFrame, control: controlFrame, ignored: ignoredFrame, error: errorFrame }[is](
      definition,
      name,
    ),
  };
  if (typeof when === 'string') rule.text = when;
  definition.finish();
  return rule;
}

function priceFrame(definition: Definition, name: string): FrameRule['read'] {
  const fields = readPriceFields(definition);
  if (fields.symbol === undefined)
    throw unusable(`${definition.where}.symbol`, undefined, 'the path of the symbol in the frame, or $key');
  return (payload, context) => ({
    kind: 'prices',
    name,
    prices: pricesIn(payload, fields, context, { frame: name }),
  });
}

function controlFrame(definition: Definition, name: string): FrameRule['read'] {
  const action = definition.has('action') ? definition.choice('action', ['alive', 'reconnect']) : undefined;
  const reply = definition.has('reply') ? definition.text('reply') : undefined;
  const paths = namesIn(reply ?? '').map((text) => ({
    text,
    path: jsonPath(text, `${definition.where}.reply`),
  }));
  return (payload) => {
    const control: Frame = { kind: 'control', name };
    if (action !== undefined) control.action = action;
    if (reply !== undefined)
      control.reply = fill(
        reply,
        Object.fromEntries(paths.map(({ text, path }) => [text, String(valueAt(payload, path) ?? '')])),
      );
    return control;
  };
}

function ignoredFrame(_definition: Definition, name: string): FrameRule['read'] {
  return () => ({ kind: 'ignored', name });
}

function errorFrame(definition: Definition, name: string): FrameRule['read'] {
  const path: JsonPath = definition.has('message')
    ? jsonPath(definition.text('message'), `${definition.where}.message`)
    : [];
  const code = definition.flag('isRateLimit', false) ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED';
  return (payload) => {
    const found = valueAt(payload, path);
    throw refusal(code, typeof found === 'string' ? found : JSON.stringify(found), { frame: name });
  };
}

function parser(rules: readonly FrameRule[]): StreamTransport['parse'] {
  const texts = new Map(
    rules.flatMap((rule) => (rule.text === undefined ? [] : [[rule.text, rule] as const])),
  );
  return (raw, context) => {
    const whole = typeof raw === 'string' ? texts.get(raw) : undefined;
    if (whole !== undefined) return whole.read(raw, context);
    const payload = parseJsonExact(raw, 'frame');
    const rule = rules.find(({ matches }) => matches(payload));
    if (rule === undefined) throw unknownFrame(undefined, raw);
    return rule.read(payload, context);
  };
}
