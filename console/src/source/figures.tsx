// What a source's confidence is made of, what its venue allows and how much of that is used.
import type { ReactNode } from 'react';
import type { Source, SourceLimits } from '../api/records.ts';
import { Instant } from '../show/age.tsx';
import { Facts, Section } from '../show/page.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { countText, durationText, percentText, plural } from '../show/text.ts';
import { Pairs, QuarantineUntil, ShareBar } from './cells.tsx';
import { errorShareOf, msText, PARTS, shareText } from './words.ts';

export function SourceFacts({ source }: { source: Source }): ReactNode {
  const { confidence, band, transport, breaker, latencyP50Ms, latencyP99Ms, skewMs, at, counts } = source;
  const dash = <span className="text-muted">–</span>;
  const ms = (value: number | null | undefined) => (typeof value === 'number' ? `${msText(value)} ms` : dash);
  return (
    <Facts
      facts={[
        ['Confidence', confidence?.toFixed(3) ?? dash],
        ['Band', band === undefined ? dash : <StateDot key="band" state={band} />],
        ['Transport', transport ?? dash],
        ['Breaker', breaker === undefined ? dash : <StateDot key="breaker" state={breaker} />],
        ['Left out until', <QuarantineUntil key="quarantine" source={source} />],
        ['Pairs live', <Pairs key="pairs" source={source} />],
        ['Latency p50', ms(latencyP50Ms)],
        ['Latency p99', ms(latencyP99Ms)],
        ['Its clock minus ours', ms(skewMs)],
        ['Errors', shareText(errorShareOf(source))],
        ['Prices rejected', counts === undefined ? dash : countText(counts.rejected)],
        ['Reconnects', counts === undefined ? dash : countText(counts.reconnects)],
        ['Gaps in its numbers', counts === undefined ? dash : countText(counts.sequenceGaps)],
        ['Kind', source.kind],
        ['Last report', <Instant key="at" at={at} />],
      ]}
    />
  );
}

/** Each part says by itself what share it leaves of the whole. */
export function Parts({ source: { parts, confidence } }: { source: Source }): ReactNode {
  if (parts === undefined) return null;
  return (
    <Section title="What its confidence is made of">
      <ul className="flex flex-col gap-1.5 text-table">
        {PARTS.map(({ id, title, says }) => (
          <li
            key={id}
            className="grid grid-cols-[104px_minmax(40px,160px)_44px_minmax(0,1fr)] items-center gap-x-3"
          >
            <span>{title}</span>
            <ShareBar share={parts[id]} className="w-full" />
            <span className="text-right">{parts[id].toFixed(3)}</span>
            <span className="text-muted max-sm:hidden">{says}</span>
          </li>
        ))}
      </ul>
      <p className="text-muted text-table">
        For each pair they are multiplied; the mean of its pairs is {confidence?.toFixed(3) ?? 'not known'}.
      </p>
    </Section>
  );
}

export function Limits({ limits, name }: { limits: SourceLimits | undefined; name: string }): ReactNode {
  if (limits === undefined) return null;
  const { requests, credits, pollIntervalMs } = limits;
  return (
    <Section title="Limits of the venue">
      <ul className="flex flex-col gap-1.5 text-table">
        <Limit
          title={`Requests in ${durationText(requests.windowMs)}`}
          used={requests.used}
          count={requests.count}
        />
        {credits !== null && (
          <Limit
            title={`Credits in ${durationText(credits.periodMs)}`}
            used={credits.used}
            count={credits.count}
          >
            begins anew <Instant at={credits.endsAt} />
          </Limit>
        )}
      </ul>
      <p className="text-muted text-table">
        {pollIntervalMs === null
          ? `${name} is not polled: its prices come by stream.`
          : `${name} is polled every ${durationText(pollIntervalMs)}. A request may cost more than one; we use 90 % at most.`}
      </p>
    </Section>
  );
}

type LimitProps = { title: string; used: number; count: number; children?: ReactNode };

function Limit({ title, used, count, children }: LimitProps): ReactNode {
  return (
    <li className="grid grid-cols-[112px_minmax(32px,160px)_auto] justify-start items-center gap-x-3">
      <span>{title}</span>
      <ShareBar share={used / Math.max(1, count)} className="w-full" />
      <span className={children === undefined ? 'whitespace-nowrap' : ''}>
        {used.toLocaleString('en-US', { maximumFractionDigits: 1 })} of {count.toLocaleString('en-US')} (
        {percentText(used / Math.max(1, count))})
        {children !== undefined && <span className="text-muted"> {children}</span>}
      </span>
    </li>
  );
}

export function LastError({ source: { lastError, counts, name } }: { source: Source }): ReactNode {
  return (
    <Section title="Last error">
      {lastError === null || lastError === undefined ? (
        <p className="text-muted">None since the adapters were started.</p>
      ) : (
        <div className="flex flex-col gap-1">
          <p className="break-words">{lastError.message}</p>
          <p className="text-muted text-table">
            <Instant at={lastError.at} /> · <code className="font-mono">{lastError.code}</code>
            {counts !== undefined &&
              ` · ${plural(counts.errors, 'error')} of ${name} since the adapters were started`}
          </p>
        </div>
      )}
    </Section>
  );
}
