// How the price stream is written: as server-sent events, or as messages of a WebSocket. In: events. Out:
// bytes. The two say the same: the record of each price and the position in the log after it.
import { asciiJson } from '../views/current-price.ts';

/** `text` is the JSON of the price, all ASCII. */
export type StreamEvent = { feed: string; position: string; text: string };

export type WireFormat = {
  name: 'events' | 'messages';
  /** Before the first event. */
  opening: Buffer;
  encode(events: readonly StreamEvent[]): Buffer;
  /** What was missed cannot be told, and why. */
  gap(reason: string): Buffer;
  pulse: Buffer;
  farewell: Buffer;
};

export const SERVER_SENT_EVENTS: WireFormat = {
  name: 'events',
  // How long a browser waits before it comes back.
  opening: Buffer.from('retry: 1000\n\n'),
  encode: (events) =>
    Buffer.from(
      events.map(({ position, text }) => `id: ${position}\nevent: price\ndata: ${text}\n\n`).join(''),
      'latin1',
    ),
  gap: (reason) => Buffer.from(`event: gap\ndata: ${asciiJson({ reason })}\n\n`),
  pulse: Buffer.from(': alive\n\n'),
  farewell: Buffer.from(': the server stops\n\n'),
};

const [TEXT, CLOSE, PING] = [0x81, 0x88, 0x89];
/**
 * Up to here the length of a frame stands in its second byte; up to the next bound in two more, then in
 * eight.
 */
const SHORT_MAX = 125;
const MEDIUM_MAX = 65_535;
/** 1001: the server is going away. */
const GOING_AWAY = Buffer.from([0x03, 0xe9]);

/** Frames of RFC 6455, written by hand so that all subscribers of the same feeds share their bytes. */
export const SOCKET_MESSAGES: WireFormat = {
  name: 'messages',
  opening: Buffer.alloc(0),
  encode: (events) =>
    Buffer.concat(
      events.map(({ position, text }) => frame(TEXT, `{"type":"price","id":"${position}","price":${text}}`)),
    ),
  gap: (reason) => frame(TEXT, asciiJson({ type: 'gap', reason })),
  pulse: frame(PING, ''),
  farewell: frame(CLOSE, GOING_AWAY.toString('latin1')),
};

/** One whole unmasked frame; `text` is latin1. */
function frame(kind: number, text: string): Buffer {
  const body = Buffer.from(text, 'latin1');
  const head =
    body.length <= SHORT_MAX
      ? Buffer.from([kind, body.length])
      : body.length <= MEDIUM_MAX
        ? Buffer.from([kind, 126, body.length >> 8, body.length & 255])
        : Buffer.concat([Buffer.from([kind, 127, 0, 0, 0, 0]), uint32(body.length)]);
  return Buffer.concat([head, body]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
