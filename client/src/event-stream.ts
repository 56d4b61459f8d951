// Server-sent events out of bytes. In: pieces of a stream as they arrive, cut anywhere. Out: events, each
// with the id that stands for its place in the log. Follows the parsing rules of the HTML standard.
// Invariant: what is held back is bounded.

export type StreamedEvent = { id: string; event: string; data: string };

/** A line of a stream of prices has less than a kilobyte; more than this is no such stream. */
const HELD_MAX = 1_048_576;

export class EventStreamParser {
  #held = '';
  #id = '';
  #event = '';
  #data: string[] = [];
  /** What the server asked clients to wait before they come back. */
  retryMs: number | undefined;

  /** @throws RangeError when a line has no end */
  push(text: string): StreamedEvent[] {
    const found: StreamedEvent[] = [];
    const whole = this.#held + text;
    // A carriage return at the very end may be half of a line's end.
    const usable = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    const lines = usable.split(/\r\n|\n|\r/);
    this.#held = lines.pop()! + whole.slice(usable.length);
    if (this.#held.length > HELD_MAX) throw new RangeError('a line of the event stream has no end');
    for (const line of lines) {
      if (line !== '') this.#take(line);
      else found.push(...this.#dispatch());
    }
    return found;
  }

  #take(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return; // a comment, sent as a sign of life
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
  }

  #dispatch(): StreamedEvent[] {
    const [data, event] = [this.#data, this.#event];
    this.#data = [];
    this.#event = '';
    if (data.length === 0) return [];
    return [{ id: this.#id, event: event === '' ? 'message' : event, data: data.join('\n') }];
  }
}
