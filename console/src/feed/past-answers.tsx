// What was served, instant by instant, each of which can be explained; and the changes of state, as events.
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { inAddress, useApi } from '../api/use-api.ts';
import { useNowMs } from '../live/now.ts';
import { Button } from '../show/button.tsx';
import { halfWidthBps } from '../show/interval-bar.tsx';
import { Section } from '../show/page.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { clockText, exactText, groupedText, whenText } from '../show/text.ts';
import { type Moment, type Moments, useLastDay } from './use-feeds.ts';

const STEPS = [
  { title: 'each second', ms: 1_000 },
  { title: 'each 10 s', ms: 10_000 },
  { title: 'each minute', ms: 60_000 },
  { title: 'each hour', ms: 3_600_000 },
] as const;
const ROWS = 20;
/** Rows that move more often cannot be pointed at. */
const NEWEST_EVERY_MS = 10_000;

export function PastAnswers({ feed }: { feed: string }): ReactNode {
  const [stepMs, setStep] = useState<number>(10_000);
  const [pinnedMs, pin] = useState<number>();
  const nowMs = useNowMs();
  const toMs = pinnedMs ?? floor(floor(nowMs, Math.max(stepMs, NEWEST_EVERY_MS)), stepMs);
  const from = new Date(toMs - ROWS * stepMs).toISOString();
  const query = useApi<Moments>(
    `/v1/prices/${inAddress(feed)}/moments?from=${from}&to=${new Date(toMs).toISOString()}&points=${ROWS}`,
    { freshForMs: Number.POSITIVE_INFINITY, keepsLast: true },
  );
  return (
    <Section
      title="History of answers"
      actions={
        <>
          <select
            aria-label="How far apart"
            value={stepMs}
            onChange={(event) => {
              setStep(Number(event.target.value));
              pin(undefined);
            }}
            className="h-7 rounded-box border border-line bg-paper px-2 text-table"
          >
            {STEPS.map(({ title, ms }) => (
              <option key={ms} value={ms}>
                {title}
              </option>
            ))}
          </select>
          <Button onClick={() => pin(toMs - ROWS * stepMs)}>Earlier</Button>
          <Button onClick={() => pin(undefined)}>Now</Button>
        </>
      }
    >
      <Loaded
        query={query}
        what={`The history of ${feed}`}
        skeleton={<TableSkeleton rows={10} columns={4} />}
        stillWorks="The price above is still live."
        isEmpty={({ moments }) => moments.every((moment) => moment === null)}
        empty={
          <Empty
            title={`Nothing was served between ${whenText(toMs - ROWS * stepMs)} and ${whenText(toMs)}.`}
          >
            The program was not running then, or the history no longer goes back that far.
          </Empty>
        }
      >
        {({ moments }) => <AnswerRows feed={feed} moments={moments} />}
      </Loaded>
    </Section>
  );
}

function floor(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}

function AnswerRows({ feed, moments }: { feed: string; moments: readonly (Moment | null)[] }): ReactNode {
  const navigate = useNavigate();
  const explain = (at: string): void => {
    void navigate({ to: `/feeds/${inAddress(feed)}`, search: { at } as never });
  };
  return (
    <div className="overflow-x-auto rounded-box border border-line">
      <table aria-label="Answers" className="w-full text-table">
        <thead className="bg-surface text-left text-muted">
          <tr className="h-7">
            <th scope="col" className="px-3 font-medium">
              At
            </th>
            <th scope="col" className="px-3 text-right font-medium">
              Answer
            </th>
            <th scope="col" className="px-3 text-right font-medium max-sm:hidden">
              Interval
            </th>
            <th scope="col" className="px-3 font-medium">
              State
            </th>
            <th scope="col" className="px-3">
              <span className="sr-only">Explain</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {moments.toReversed().map((moment) =>
            moment === null ? null : (
              <tr key={moment.at} className="h-7 border-line border-t">
                <td className="whitespace-nowrap px-3" title={exactText(Date.parse(moment.at))}>
                  {whenText(Date.parse(moment.at))}
                </td>
                <td className="px-3 text-right">{groupedText(moment.price)}</td>
                <td className="px-3 text-right text-muted max-sm:hidden">
                  ±{halfWidthBps(moment).toFixed(1)} bps
                </td>
                <td className="px-3">
                  <StateDot state={moment.state} />
                </td>
                <td className="px-3 text-right">
                  <button
                    type="button"
                    onClick={() => explain(moment.at)}
                    className="text-accent hover:underline"
                    aria-label={`Why? The answer of ${clockText(Date.parse(moment.at))}`}
                  >
                    Why?
                  </button>
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

/** Newest first. */
export function StateChanges({ feed }: { feed: string }): ReactNode {
  const day = useLastDay(feed);
  return (
    <Section title="Changes of state" beside="last 24 hours">
      <Loaded
        query={day}
        what={`The changes of ${feed}`}
        skeleton={<TableSkeleton rows={3} columns={2} />}
        isEmpty={({ changes }) => changes.length === 0}
        empty={<Empty title="None: it was in one state all day." />}
      >
        {({ changes }) => (
          <ol className="flex flex-col border-line border-l pl-4">
            {changes.toReversed().map(({ at, state, reason }) => (
              <li
                key={at}
                className="relative flex flex-wrap items-baseline gap-x-3 py-1 before:absolute before:top-3 before:-left-[19px] before:size-1.5 before:rounded-full before:bg-muted"
              >
                <time dateTime={at} title={exactText(Date.parse(at))} className="w-28 text-muted">
                  {whenText(Date.parse(at))}
                </time>
                <span className="w-24">
                  <StateDot
                    state={state === 'none' ? 'missing' : state}
                    word={state === 'none' ? 'not served' : state}
                  />
                </span>
                <span className="min-w-0 flex-1 basis-60">{reason}</span>
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </Section>
  );
}
