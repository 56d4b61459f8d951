// WebSocket text frames, written by hand (RFC 6455, 5.2), so that the part which a thousand subscribers share
// is made once. In: the bytes of a message in two parts. Out: one whole, unmasked, final frame.
// Invariant: frames are complete; they may be written between those of the library, which are complete too.

const FINAL_TEXT = 0x81;
/** Up to here the length stands in the second byte; up to the next bound in two more, then in eight. */
const SHORT_MAX = 125;
const MEDIUM_MAX = 65_535;

/** The frame of `shared` followed by `own`. */
export function textFrame(shared: Buffer, own: Buffer): Buffer {
  const length = shared.length + own.length;
  const headLength = length <= SHORT_MAX ? 2 : length <= MEDIUM_MAX ? 4 : 10;
  const frame = Buffer.allocUnsafe(headLength + length);
  frame[0] = FINAL_TEXT;
  if (headLength === 2) frame[1] = length;
  else if (headLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  frame.set(shared, headLength);
  frame.set(own, headLength + shared.length);
  return frame;
}
