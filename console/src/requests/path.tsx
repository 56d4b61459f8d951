// The path of a price request, source by source: who answered when with what, who did not and why, what the
// deadline cut off. In: the request, and how its answer is explained. Out: a time line.
import type { AskedSource, ExplainedSource, Explanation, PriceRequest } from '@assay/client/wire';
import type { ReactNode } from 'react';
import type { Source } from '../api/records.ts';
import { useApi } from '../api/use-api.ts';
import { useExplanation } from '../feed/use-feeds.ts';
import { Section } from '../show/page.tsx';
import { SourceLink } from '../show/source-link.tsx';
import { toneOf } from '../show/state-dot.tsx';
import { clockText, groupedText, plural } from '../show/text.ts';
import { spanText, TimeLine, type TimeStep } from '../show/time-line.tsx';
import { WhyLink } from '../submissions/words.tsx';

export function RequestPath({ request }: { request: PriceRequest }): ReactNode {
  const { feed, requestedAt, completedAt, sourcesAsked } = request;
  const sources = useApi<Source[]>('/v1/sources', { freshForMs: 60_000 }).data ?? [];
  const names = new Map(sources.map(({ source, name }) => [source, name]));
  const asked: TimeStep = {
    key: 'asked',
    at: requestedAt,
    tone: 'ok',
    title: `${plural(sourcesAsked, 'source')} asked for ${feed}`,
  };
  const took = completedAt === null ? undefined : Date.parse(completedAt) - Date.parse(requestedAt);
  return (
    <Section title="Its path" beside={took === undefined ? undefined : `${spanText(took)} in all`}>
      {completedAt === null ? (
        <Running request={request} asked={asked} names={names} />
      ) : (
        <Ended request={request} asked={asked} names={names} completedAt={completedAt} />
      )}
    </Section>
  );
}

type Names = ReadonlyMap<string, string>;
type PathProps = { request: PriceRequest; asked: TimeStep; names: Names };

function Running({ request, asked, names }: PathProps): ReactNode {
  const { sources, deadlineAt } = request;
  const said = sources.filter(({ status }) => status !== 'waiting').map((one) => stepOf(one, names));
  const waiting = sources.filter(({ status }) => status === 'waiting');
  const list = waiting.map(({ source }) => names.get(source) ?? source).join(', ');
  const deadline = Date.parse(deadlineAt);
  const words =
    Date.now() < deadline
      ? `At ${clockText(deadline)} those that have answered are enough.`
      : `The deadline was at ${clockText(deadline)}; the first answer ends it.`;
  return (
    <TimeLine
      label="Path of the request"
      steps={[asked, ...said]}
      now={{
        title: waiting.length === 0 ? 'Waits for the answer of the feed' : `Waits for ${list}`,
        tone: 'idle',
        detail: words,
      }}
    />
  );
}

function Ended({ request, asked, names, completedAt }: PathProps & { completedAt: string }): ReactNode {
  const { feed, sources, deadlineAt } = request;
  const { data: explanation } = useExplanation(feed, { at: completedAt });
  const said = sources.filter(({ at }) => at !== null).map((one) => stepOf(one, names, explanation));
  const late = sources.filter(({ at }) => at === null).map((one) => stepOf(one, names));
  const isCut = Date.parse(completedAt) >= Date.parse(deadlineAt);
  const deadline: TimeStep = { key: 'deadline', at: deadlineAt, tone: 'warn', title: 'Deadline' };
  // A request that shares the fetch of an earlier one has answers from before it.
  const steps = [...said, ...(isCut ? [deadline] : [])].sort(
    (one, two) => Date.parse(one.at!) - Date.parse(two.at!),
  );
  return (
    <TimeLine label="Path of the request" steps={[asked, ...steps, ...late, endOf(request, completedAt)]} />
  );
}

function endOf({ feed, status, detail, price }: PriceRequest, completedAt: string): TimeStep {
  const isOld = status === 'failed' && price !== null;
  const title = {
    pending: '',
    complete: 'Complete',
    partial: 'Partial: those that answered are enough',
    failed: 'Failed',
  }[status];
  return {
    key: 'end',
    at: completedAt,
    tone: toneOf(status),
    title:
      price === null ? title : `${title}: ${isOld ? 'the price before was ' : ''}${groupedText(price.price)}`,
    detail: (
      <>
        {detail.charAt(0).toUpperCase() + detail.slice(1)}. <WhyLink feed={feed} at={completedAt} />
      </>
    ),
  };
}

function stepOf(
  { source, status, at, detail }: AskedSource,
  names: Names,
  explanation?: Explanation,
): TimeStep {
  const said = explanation?.sources.filter((one) => one.source === source) ?? [];
  const word = status === 'answered' ? 'answered' : status === 'late' ? 'was too late' : 'did not answer';
  return {
    key: source,
    at: at ?? undefined,
    tone: status === 'answered' ? 'ok' : status === 'late' ? 'idle' : 'critical',
    title: (
      <>
        <SourceLink source={source}>{names.get(source) ?? source}</SourceLink> {word}
      </>
    ),
    detail:
      status === 'answered'
        ? quotesText(said, explanation !== undefined)
        : status === 'late'
          ? undefined
          : detail,
  };
}

/** "BTC/USD 67,012.34; BTC/USDT 67,020.10, left out". */
function quotesText(said: readonly ExplainedSource[], isExplained: boolean): string | undefined {
  if (isExplained && said.length === 0) return 'a rate for conversions';
  const quotes = said
    .filter(({ quoted }) => quoted !== null)
    .map(({ pair, quoted, used }) => `${pair} ${groupedText(quoted!)}${used ? '' : ', left out'}`);
  return quotes.length === 0 ? undefined : quotes.join('; ');
}
