// What a source sent last, as it came, for operators. Asked for once and again by a button: what moves cannot
// be read.
import type { ReactNode } from 'react';
import type { SourceFrame } from '../api/records.ts';
import { useIsAdmin } from '../frame/use-status.ts';
import { Instant } from '../show/age.tsx';
import { Button } from '../show/button.tsx';
import { Section } from '../show/page.tsx';
import { Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { clockText, countText, exactText } from '../show/text.ts';
import { useFrames } from './use-sources.ts';

export function LastFrames({ source, name }: { source: string; name: string }): ReactNode {
  const isAdmin = useIsAdmin();
  if (isAdmin) return <Frames source={source} name={name} />;
  return (
    <Section title="Last payloads">
      <p className="text-muted">
        What {name} sent, as it came, is shown to keys with the scope <code className="font-mono">admin</code>
        .
      </p>
    </Section>
  );
}

function Frames({ source, name }: { source: string; name: string }): ReactNode {
  const query = useFrames(source);
  return (
    <Section
      title="Last payloads"
      beside={
        typeof query.data?.at === 'string' && (
          <>
            the newest of <Instant at={query.data.at} />
          </>
        )
      }
      actions={
        <Button onClick={() => void query.refetch()} isBusy={query.isFetching}>
          Newest
        </Button>
      }
    >
      <Loaded
        query={query}
        what={`What ${name} sent`}
        skeleton={<TableSkeleton rows={6} columns={3} />}
        stillWorks="Its prices and its state do not depend on this."
        isEmpty={({ frames }) => frames.length === 0}
        empty={
          <Empty title={`Nothing of ${name} in the last ten minutes.`}>
            The last 20 payloads are handed over within 5 s of their arrival. A source that is isolated or on
            standby is sent nothing and says nothing.
          </Empty>
        }
      >
        {({ frames }) => (
          <ul className="divide-y divide-line rounded-box border border-line">
            {frames.map((frame, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: several may have come in one millisecond
              <Frame key={`${frame.at} ${i}`} frame={frame} />
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}

function Frame({ frame: { at, transport, status, size, text } }: { frame: SourceFrame }): ReactNode {
  const isCut = size > text.length;
  return (
    <li className="text-table">
      <details>
        <summary className="flex h-7 list-none items-center gap-x-3 px-3 hover:bg-surface">
          <time dateTime={at} title={exactText(Date.parse(at))} className="shrink-0">
            {clockText(Date.parse(at))}
          </time>
          <span className="w-12 shrink-0 text-muted">{transport}</span>
          <span className="w-8 shrink-0 text-muted max-sm:hidden">{status ?? ''}</span>
          <span className="w-16 shrink-0 text-right text-muted max-sm:hidden">{countText(size)} B</span>
          <code className="min-w-0 truncate font-mono">{text}</code>
        </summary>
        <pre className="whitespace-pre-wrap break-all border-line border-t bg-surface px-3 py-2 font-mono text-small">
          {text === '' ? 'nothing' : text}
          {isCut && <span className="text-muted"> … cut after 2 kB of {countText(size)}</span>}
        </pre>
      </details>
    </li>
  );
}
