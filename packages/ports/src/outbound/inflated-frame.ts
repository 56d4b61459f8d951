// Frames that a venue compresses by itself (HTX). In: a frame as it came, and how its binary frames are
// packed. Out: the text in it. Invariant: what does not unpack to bounded UTF-8 is handed over as it came,
// for whoever reads it to refuse by name; nothing is guessed.
import { gunzipSync } from 'node:zlib';
import type { SocketRequest } from './outbound.ts';

/** As large as a frame may be that comes unpacked. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

export function inflatedFrame(
  frame: string | Uint8Array,
  compression: SocketRequest['compression'],
): string | Uint8Array {
  if (compression === undefined || typeof frame === 'string') return frame;
  try {
    return UTF8.decode(gunzipSync(frame, { maxOutputLength: TEXT_BYTES_MAX }));
  } catch {
    return frame;
  }
}
