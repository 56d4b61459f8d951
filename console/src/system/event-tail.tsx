// What is written on a topic, as it is written: newest first, filtered by typing, each opened to its whole
// record. Held back while somebody reads.
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { Topic } from '../api/system-records.ts';
import { useApi } from '../api/use-api.ts';
import { useEvents } from '../live/use-events.ts';
import { Button } from '../show/button.tsx';
import { Field, TextInput } from '../show/dialog.tsx';
import { Section } from '../show/page.tsx';
import { clockText } from '../show/text.ts';

const ROWS_MAX = 200;
/** Faster than this nobody reads. */
const SHOWN_EVERY_MS = 500;
const LINE_MAX = 400;

type Row = { id: number; atMs: number; key: string; text: string };

export function EventTail(): ReactNode {
  const { data: topics } = useApi<Topic[]>('/v1/topics');
  const [topic, setTopic] = useState('answers');
  const [isPaused, setPaused] = useState(false);
  const [find, setFind] = useState('');
  const rows = useRows(isPaused ? undefined : `/v1/events?topic=${encodeURIComponent(topic)}`, topic);
  const shown = useMemo(() => {
    const wanted = find.trim().toLowerCase();
    return wanted === '' ? rows : rows.filter(({ text }) => text.toLowerCase().includes(wanted));
  }, [rows, find]);
  return (
    <Section
      title="Event tail"
      beside={`${shown.length} of the last ${rows.length} records`}
      actions={<Button onClick={() => setPaused(!isPaused)}>{isPaused ? 'Go on' : 'Hold'}</Button>}
    >
      <div className="flex flex-wrap items-end gap-3">
        <Field label="Topic">
          {(id) => (
            <select
              id={id}
              value={topic}
              onChange={(event) => setTopic(event.target.value)}
              className="h-7 rounded-box border border-line bg-paper px-2 text-table"
            >
              {(topics ?? [{ topic }]).map((one) => (
                <option key={one.topic}>{one.topic}</option>
              ))}
            </select>
          )}
        </Field>
        <div className="w-60">
          <Field label="Only with">
            {(id) => <TextInput id={id} type="search" value={find} onChange={setFind} placeholder="kraken" />}
          </Field>
        </div>
      </div>
      <Rows rows={shown} isPaused={isPaused} />
    </Section>
  );
}

function Rows({ rows, isPaused }: { rows: readonly Row[]; isPaused: boolean }): ReactNode {
  if (rows.length === 0) {
    return (
      <p className="rounded-box border border-line px-3 py-3 text-muted">
        {isPaused ? 'Held: nothing new is shown until you go on.' : 'Nothing was written on it yet.'}
      </p>
    );
  }
  return (
    <ol className="max-h-80 overflow-auto rounded-box border border-line">
      {rows.map((row) => (
        <li key={row.id} className="border-line border-b last:border-b-0">
          <details>
            <summary className="flex gap-3 px-3 py-1 text-table">
              <span className="shrink-0 text-muted">{clockText(row.atMs)}</span>
              <code className="truncate font-mono">{row.text.slice(0, LINE_MAX)}</code>
            </summary>
            {/* Long lines scroll; the keyboard has to reach them. */}
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls */}
            <pre tabIndex={0} className="overflow-x-auto bg-surface px-3 py-2 font-mono text-table">
              {formatted(row.text)}
            </pre>
          </details>
        </li>
      ))}
    </ol>
  );
}

/** The newest records; of a fast topic those of the last half second arrive together. */
function useRows(path: string | undefined, topic: string): readonly Row[] {
  const [rows, setRows] = useState<readonly Row[]>([]);
  const waiting = useRef<Row[]>([]);
  const count = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another topic begins anew
  useEffect(() => {
    waiting.current = [];
    setRows([]);
  }, [topic]);
  useEffect(() => {
    const timer = setInterval(() => {
      const fresh = waiting.current.splice(0).reverse();
      if (fresh.length > 0) setRows((before) => [...fresh, ...before].slice(0, ROWS_MAX));
    }, SHOWN_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  useEvents(path, ({ data, id }) => {
    waiting.current.push({ id: count.current++, atMs: Date.now(), key: id ?? '', text: data });
    if (waiting.current.length > ROWS_MAX) waiting.current.shift();
  });
  return rows;
}

function formatted(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
