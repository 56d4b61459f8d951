// The last lines of the log of the process that serves this page, newest first, from a level upwards.
import { type ReactNode, useState } from 'react';
import type { LogLine } from '../api/system-records.ts';
import { useApi } from '../api/use-api.ts';
import { Choice } from '../show/choice.tsx';
import { Section } from '../show/page.tsx';
import { Loaded, TableSkeleton } from '../show/states.tsx';
import { clockText } from '../show/text.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const EVERY_MS = 2_000;

export function LogTail(): ReactNode {
  const [level, setLevel] = useState<string>('info');
  const query = useApi<LogLine[]>(`/v1/logs?level=${level}&limit=100`, {
    everyMs: EVERY_MS,
    keepsLast: true,
  });
  return (
    <Section
      title="Log"
      beside="of the process that serves this page"
      actions={<Choice label="Lowest level" all={LEVELS} chosen={level} onChoose={setLevel} />}
    >
      <Loaded
        query={query}
        what="The log"
        skeleton={<TableSkeleton rows={6} columns={2} />}
        stillWorks="It is still written to its file."
        isEmpty={(lines) => lines.length === 0}
        empty={
          <p className="rounded-box border border-line px-3 py-3 text-muted">
            Nothing of this level was logged since the start.
          </p>
        }
      >
        {(lines) => <Lines lines={lines} />}
      </Loaded>
    </Section>
  );
}

function Lines({ lines }: { lines: readonly LogLine[] }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls, reached by keyboard
    <ol tabIndex={0} aria-label="Log lines" className="max-h-80 overflow-auto rounded-box border border-line">
      {lines.map(({ id, at, level, message, fields }) => (
        <li
          key={id}
          className="flex flex-wrap gap-x-3 border-line border-b px-3 py-1 text-table last:border-b-0"
        >
          <span className="text-muted">{clockText(at)}</span>
          <span className={`w-10 ${toneOfLevel(level)}`}>{level}</span>
          <span>{message}</span>
          <code className="break-all font-mono text-muted">
            {Object.entries(fields)
              .map(([name, value]) => `${name}=${value}`)
              .join(' ')}
          </code>
        </li>
      ))}
    </ol>
  );
}

function toneOfLevel(level: LogLine['level']): string {
  return level === 'error' ? 'text-critical' : level === 'warn' ? 'text-warn' : 'text-muted';
}
