// The path of one thing as a vertical time line: what happened when, how long after the step before, and
// where it is now. In: steps in their order; the last one may be what is still waited for.
import type { ReactNode } from 'react';
import { useNowMs } from '../live/now.ts';
import { Dot, type Tone } from './state-dot.tsx';
import { clockText, durationText, exactText } from './text.ts';

export type TimeStep = {
  key: string;
  /** ISO text; undefined for what has not happened. */
  at?: string | undefined;
  title: ReactNode;
  tone: Tone;
  /** Beneath the title. */
  detail?: ReactNode;
};

export type TimeLineProps = {
  /** For people who cannot see it. */
  label: string;
  steps: readonly TimeStep[];
  /** Where it is now, when that is not the last step: counts up from there. */
  now?: { title: ReactNode; tone: Tone; detail?: ReactNode } | undefined;
};

const COLUMNS = 'grid-cols-[92px_20px_minmax(0,1fr)] sm:grid-cols-[96px_64px_24px_minmax(0,1fr)]';

export function TimeLine({ label, steps, now }: TimeLineProps): ReactNode {
  const last = lastAt(steps);
  const rows = steps.map((step, i) => ({ ...step, afterMs: durationSince(lastAt(steps.slice(0, i)), step) }));
  return (
    <ol aria-label={label} className="flex flex-col">
      {rows.map(({ key, at, afterMs, title, tone, detail }, i) => (
        <Step
          key={key}
          time={at === undefined ? '' : <StepTime at={at} />}
          after={afterMs === undefined ? '' : `+ ${spanText(afterMs)}`}
          tone={tone}
          isFirst={i === 0}
          isLast={i === rows.length - 1 && now === undefined}
          title={title}
          detail={detail}
        />
      ))}
      {now !== undefined && (
        <Step
          time={<span className="font-medium">now</span>}
          after={last === undefined ? '' : <Since atMs={last} />}
          tone={now.tone}
          isFirst={rows.length === 0}
          isLast
          title={now.title}
          detail={now.detail}
        />
      )}
    </ol>
  );
}

type StepProps = {
  time: ReactNode;
  after: ReactNode;
  tone: Tone;
  isFirst: boolean;
  isLast: boolean;
  title: ReactNode;
  detail: ReactNode;
};

function Step({ time, after, tone, isFirst, isLast, title, detail }: StepProps): ReactNode {
  const rail = isFirst ? (isLast ? 'hidden' : 'top-2.5 bottom-0') : isLast ? 'top-0 h-2.5' : 'inset-y-0';
  return (
    <li className={`grid ${COLUMNS}`}>
      <span className="flex flex-col pb-2.5 text-right sm:pr-2">
        {time}
        <span className="text-muted text-small sm:hidden">{after}</span>
      </span>
      <span className="hidden pb-2.5 text-right text-muted sm:block">{after}</span>
      <span className="relative flex justify-center">
        <span className={`absolute w-px bg-line ${rail}`} />
        <span className="relative mt-1 flex size-3 items-center justify-center bg-paper">
          <Dot tone={tone} />
        </span>
      </span>
      <span className="flex min-w-0 flex-col pb-2.5 pl-1">
        <span className="[overflow-wrap:anywhere]">{title}</span>
        {detail !== undefined && (
          <span className="text-muted text-table [overflow-wrap:anywhere]">{detail}</span>
        )}
      </span>
    </li>
  );
}

function StepTime({ at }: { at: string }): ReactNode {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={exactText(ms)}>
      {clockText(ms)}
      <span className="text-muted">.{String(ms % 1_000).padStart(3, '0')}</span>
    </time>
  );
}

function Since({ atMs }: { atMs: number }): ReactNode {
  return `+ ${durationText(useNowMs() - atMs)}`;
}

function lastAt(steps: readonly TimeStep[]): number | undefined {
  const at = steps.findLast((step) => step.at !== undefined)?.at;
  return at === undefined ? undefined : Date.parse(at);
}

/** What a client's clock says may lie after what ours says: that is no duration. */
function durationSince(before: number | undefined, { at }: TimeStep): number | undefined {
  if (before === undefined || at === undefined) return undefined;
  const ms = Date.parse(at) - before;
  return ms < 0 ? undefined : ms;
}

/** "34 ms", "1.2 s", "4 min": finer than an age, because steps of machines are compared. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : durationText(ms);
}
