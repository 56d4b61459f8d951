// Answers that are given before their request has come in full, and are heard. In: requests that may have a
// body. Out: their connections, when the answer ends them, stay open while the rest of the body comes in and
// is thrown away: closed at once they would be reset, and a sender that is still busy would never read the
// answer (RFC 9112, 9.6).
//
// Invariants: all of them together are read at a bounded rate, so that whoever sends too much slows down
// nobody else; each is bounded in time and bytes, and who goes on beyond is cut off.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Clock } from '@assay/kernel/time/clock';

/** 10 MB over a line of 16 Mbit/s. */
const LINGER_MS = 5_000;
/** What a person sends by mistake, a photograph or a table, is read to its end. */
const DISCARDED_MAX_BYTES = 16_777_216;
/** The kernel holds as little as 128 kB of a connection: 6 MB a second then. */
const LOOK_EVERY_MS = 20;
/** Of all of them together: 25 MB a second. What is read is garbage that has to be swept. */
const BYTES_PER_LOOK = 524_288;

type Lingering = { request: IncomingMessage; socket: Socket; untilMs: number; untilBytes: number };

export class LingeringConnections {
  readonly #clock: Clock;
  /** In the order in which they are read next. */
  readonly #waiting = new Set<Lingering>();
  #isLooking = false;
  /** Bytes read beyond what the looks so far allow. */
  #debt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called before the request is answered. A body that says it is larger than `mostBytes` waits. */
  watch(request: IncomingMessage, response: ServerResponse, mostBytes: number): void {
    const length = request.headers['content-length'];
    // Nearly every request: its body is here at once, and watching it would cost more than reading it.
    if (length !== undefined && Number(length) <= mostBytes) return;
    const { socket } = request;
    if (length !== undefined) {
      // Somebody reads it, Node is to think: else it drains the body by itself, as fast as it comes.
      request.read(0);
      response.setHeader('connection', 'close');
    }
    // Called by Node when the last answer of a connection is written.
    socket.destroySoon = () => {
      if (request.complete || socket.destroyed) return Socket.prototype.destroySoon.call(socket);
      this.#add({
        request,
        socket,
        untilMs: this.#clock.monotonic() + LINGER_MS,
        untilBytes: socket.bytesRead + DISCARDED_MAX_BYTES,
      });
    };
  }

  #add(one: Lingering): void {
    const { request, socket } = one;
    request.pause();
    const end = (): void => void this.#waiting.delete(one);
    socket.once('close', end);
    request.once('end', () => {
      end();
      Socket.prototype.destroySoon.call(socket);
    });
    this.#waiting.add(one);
    if (!this.#isLooking) this.#lookLater();
  }

  #lookLater(): void {
    this.#isLooking = true;
    this.#clock.after(LOOK_EVERY_MS, () => {
      const nowMs = this.#clock.monotonic();
      this.#debt = Math.max(0, this.#debt - BYTES_PER_LOOK);
      let mayRead = this.#debt === 0;
      for (const one of [...this.#waiting]) {
        const { socket, untilMs, untilBytes } = one;
        if (nowMs > untilMs || socket.bytesRead > untilBytes) socket.destroy();
        else if (mayRead) {
          mayRead = false;
          this.#readSome(one);
        }
      }
      this.#isLooking = false;
      if (this.#waiting.size > 0) this.#lookLater();
    });
  }

  #readSome(one: Lingering): void {
    const { request, socket } = one;
    const before = socket.bytesRead;
    this.#waiting.delete(one);
    this.#waiting.add(one);
    request.resume();
    // After the sockets that are ready now have been read once.
    setImmediate(() => {
      this.#debt += socket.bytesRead - before;
      if (this.#waiting.has(one)) request.pause();
    });
  }
}
