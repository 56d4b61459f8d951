// An answer that is given before its request has come in full, and is heard. In: a request that may have a
// body. Out: its connection, if the answer ends it, stays open while the rest of the body comes in and is
// thrown away: closed at once it would be reset, and a sender that is still busy would never read the answer
// (RFC 9112, 9.6). Bounded in time and bytes; who goes on beyond is cut off.
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Clock } from '@assay/kernel/time/clock';

/** 10 MB over a line of 16 Mbit/s. */
const LINGER_MS = 5_000;
const LOOK_EVERY_MS = 100;
/** What a person sends by mistake, a photograph or a table, is read to its end. */
const DISCARDED_MAX_BYTES = 16_777_216;

export function lingerAfterAnswer(request: IncomingMessage, clock: Clock): void {
  const { socket } = request;
  const close = (): void => Socket.prototype.destroySoon.call(socket);
  // Called by Node when the last answer of a connection is written.
  socket.destroySoon = () => {
    if (request.complete || socket.destroyed) return close();
    const [untilMs, untilBytes] = [clock.monotonic() + LINGER_MS, socket.bytesRead + DISCARDED_MAX_BYTES];
    const look = (): void => {
      if (clock.monotonic() > untilMs || socket.bytesRead > untilBytes) socket.destroy();
      else cancel = clock.after(LOOK_EVERY_MS, look);
    };
    let cancel = clock.after(LOOK_EVERY_MS, look);
    socket.once('close', () => cancel());
    request.once('end', close).resume();
  };
}
