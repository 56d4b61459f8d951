// Submits a price by hand. In: feed, price, a name. Out: what the server made of it, with the way to its time
// line; what the server finds wrong stands at the field it is about, in the server's words.
import type { Submission } from '@assay/client/wire';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useId, useState } from 'react';
import { type ApiProblem, ask } from '../api/http.ts';
import { useFeeds } from '../feed/use-feeds.ts';
import { useMe } from '../frame/use-status.ts';
import { Button } from '../show/button.tsx';
import { Field, TextInput } from '../show/dialog.tsx';
import { Proposals, problemsAt, Unplaced } from '../show/form.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { STATUS_WORDS, sentenceText } from './words.tsx';

/** The source as which all submissions of a feed count. */
const SUBMITTED = 'submitted';
/** What the server takes. */
const NAME_MAX = 64;

export function SubmitForm({ listPath }: { listPath: string }): ReactNode {
  const feeds = useFeeds().data ?? [];
  const { data: me } = useMe();
  const proposals = useId();
  const [feed, setFeed] = useState('');
  const [price, setPrice] = useState('');
  const [name, setName] = useState<string>();
  const { send, problem, made, isBusy } = useSubmit(listPath);
  const taking = feeds
    .filter(({ sources }) => sources.some(({ source }) => source === SUBMITTED))
    .map((one) => one.feed);
  const by = name ?? me?.name.slice(0, NAME_MAX) ?? '';
  const at = problemsAt(problem);
  return (
    <form
      aria-label="Submit a price"
      className="flex flex-col gap-3 rounded-box border border-line px-3 py-3"
      onSubmit={(event) => {
        event.preventDefault();
        void send({ symbol: feed.trim(), price_usd: price.trim(), submitted_by: by });
      }}
    >
      <div className="grid gap-3 sm:grid-cols-[180px_200px_240px_auto] sm:items-start">
        <Field label="Feed" problem={at('symbol', 'feed')}>
          {(id, problemId) => (
            <TextInput
              id={id}
              value={feed}
              onChange={setFeed}
              placeholder={taking[0] ?? 'BTC/USD'}
              list={proposals}
              problemId={problemId}
            />
          )}
        </Field>
        <Proposals id={proposals} values={taking} />
        <Field label="Price in dollars" problem={at('price_usd')}>
          {(id, problemId) => (
            <TextInput
              id={id}
              value={price}
              onChange={setPrice}
              placeholder="67012.34"
              problemId={problemId}
            />
          )}
        </Field>
        <Field label="Submitted by" problem={at('submitted_by')}>
          {(id, problemId) => <TextInput id={id} value={by} onChange={setName} problemId={problemId} />}
        </Field>
        <div className="sm:pt-5">
          <Button type="submit" look="main" isBusy={isBusy}>
            Submit
          </Button>
        </div>
      </div>
      <Unplaced problem={problem} fields={['symbol', 'feed', 'price_usd', 'submitted_by']} />
      {made === undefined ? (
        <p className="text-muted text-table">{takesText(taking)}</p>
      ) : (
        <Outcome made={made} />
      )}
    </form>
  );
}

type Submitting = {
  send: (input: { symbol: string; price_usd: string; submitted_by: string }) => Promise<void>;
  problem: ApiProblem | undefined;
  made: Submission | undefined;
  isBusy: boolean;
};

function useSubmit(listPath: string): Submitting {
  const cache = useQueryClient();
  const [problem, setProblem] = useState<ApiProblem>();
  const [made, setMade] = useState<Submission>();
  const [isBusy, setBusy] = useState(false);
  const send: Submitting['send'] = async (input) => {
    setBusy(true);
    setProblem(undefined);
    setMade(undefined);
    const body = { ...input, timestamp: new Date().toISOString() };
    try {
      setMade(await ask<Submission>('/v1/submissions', { method: 'POST', body }));
      await cache.invalidateQueries({ queryKey: [listPath, 'pages'] });
    } catch (error) {
      setProblem(error as ApiProblem);
    }
    setBusy(false);
  };
  return { send, problem, made, isBusy };
}

function Outcome({ made }: { made: Submission }): ReactNode {
  return (
    <p role="status" className="flex flex-wrap items-center gap-x-2">
      <StateDot state={made.status} word={STATUS_WORDS[made.status]} />
      <span className="[overflow-wrap:anywhere]">{sentenceText(made.detail)}.</span>
      <Link to={`/submissions/${made.id}`} className="text-accent underline">
        Follow it
      </Link>
    </p>
  );
}

function takesText(feeds: readonly string[]): string {
  if (feeds.length === 0)
    return 'No feed of this key has the source "submitted", so every price is rejected.';
  return `${feeds.join(', ')} ${feeds.length === 1 ? 'takes' : 'take'} submissions. All of them together count as one source with half a weight.`;
}
