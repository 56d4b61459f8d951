// The last payloads of a source as it sent them, for whoever operates this installation. Written by the
// adapters into the cache, read by the API. Invariant: bounded in number and size, and without credentials.

export type SourceFrame = {
  /** When it was here, ms. */
  at: number;
  transport: 'stream' | 'poll';
  /** HTTP status of an answer; null for a frame of a stream. */
  status: number | null;
  /** Of the whole payload, bytes as UTF-8, or UTF-16 units of a text too long to be kept whole. */
  size: number;
  /** Its beginning; what looks like a credential of ours is replaced. */
  text: string;
};

export type SourceFrames = {
  source: string;
  /** When they were handed over, ms. */
  at: number;
  /** Newest first. */
  frames: SourceFrame[];
};

export const FRAMES_KEPT = 20;
export const FRAME_KEPT_BYTES = 2_048;

/** Where in the cache they are. */
export function framesKey(source: string): string {
  return `frames ${source}`;
}
