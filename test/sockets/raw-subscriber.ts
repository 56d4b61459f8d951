// A subscriber of GraphQL over a WebSocket that costs almost nothing, so that thousands fit into one process
// beside the server under measurement. In: an address, a key, a document. Out: the text of every message,
// when it comes. It answers pings, and can stop reading or vanish.
import { connect, type Socket } from 'node:net';

export type SubscriberOptions = {
  url: string;
  key: string;
  query: string;
  /** Of the operation: unlike every other one, as clients make them. */
  id: string;
  /** Called with the payload of each text frame, and never before the acknowledgement. */
  onMessage: (message: Buffer, subscriber: RawSubscriber) => void;
  onClosed?: (subscriber: RawSubscriber) => void;
};

const TEXT = 1;
const PING = 9;
const PONG = 10;

export class RawSubscriber {
  readonly socket: Socket;
  readonly ready: Promise<void>;
  readonly #options: SubscriberOptions;
  #rest: Buffer = Buffer.alloc(0);
  #isUpgraded = false;
  #isAcknowledged = false;
  #resolve!: () => void;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    const { hostname, port, pathname } = new URL(options.url);
    this.socket = connect(Number(port), hostname);
    this.socket.setNoDelay();
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.socket.once('error', reject);
      this.socket.once('close', () => reject(new TypeError('closed before the acknowledgement')));
    });
    // What happens after the start is told by `onClosed`.
    this.ready.catch(() => undefined);
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => options.onClosed?.(this));
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.socket.write(
      `GET ${pathname} HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n` +
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n' +
        'sec-websocket-protocol: graphql-transport-ws\r\n\r\n',
    );
  }

  #take(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#isUpgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        this.#rest = bytes;
        return;
      }
      this.#isUpgraded = true;
      bytes = bytes.subarray(end + 4);
      this.#send(TEXT, JSON.stringify({ type: 'connection_init', payload: { apiKey: this.#options.key } }));
    }
    while (bytes.length >= 2) {
      const short = bytes[1]!;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < head) break;
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6);
      if (bytes.length < head + length) break;
      this.#frame(bytes[0]! & 15, bytes.subarray(head, head + length));
      bytes = bytes.subarray(head + length);
    }
    this.#rest = bytes.length === 0 ? bytes : Buffer.from(bytes);
  }

  #frame(opcode: number, payload: Buffer): void {
    if (opcode === PING) this.#send(PONG, '');
    if (opcode !== TEXT) return;
    if (this.#isAcknowledged) return void this.#options.onMessage(payload, this);
    this.#isAcknowledged = true;
    const { id, query } = this.#options;
    this.#send(TEXT, JSON.stringify({ type: 'subscribe', id, payload: { query } }));
    this.#resolve();
  }

  /** Masked with zeros, as a client must mask. */
  #send(opcode: number, text: string): void {
    const body = Buffer.from(text);
    const length = body.length < 126 ? [0x80 | body.length] : [0xfe, body.length >> 8, body.length & 255];
    this.socket.write(Buffer.concat([Buffer.from([0x80 | opcode, ...length, 0, 0, 0, 0]), body]));
  }
}

/** 36 characters, as a client library makes them. */
export function operationId(order: number): string {
  return `00000000-0000-4000-8000-${String(order).padStart(12, '0')}`;
}
