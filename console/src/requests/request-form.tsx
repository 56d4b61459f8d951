// Asks all sources of a feed for its price now. In: a feed, how long to wait for the slow ones. Out: the page
// of the new request, which follows it.
import type { PriceRequest } from '@assay/client/wire';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useId, useState } from 'react';
import { type ApiProblem, ask } from '../api/http.ts';
import { useFeeds } from '../feed/use-feeds.ts';
import { Button } from '../show/button.tsx';
import { Field, TextInput } from '../show/dialog.tsx';
import { Proposals, problemsAt, Unplaced } from '../show/form.tsx';

/** As the server has it. */
const DEADLINE_MS = '5000';

export function RequestForm(): ReactNode {
  const feeds = useFeeds().data ?? [];
  const navigate = useNavigate();
  const proposals = useId();
  const [feed, setFeed] = useState('');
  const [deadline, setDeadline] = useState(DEADLINE_MS);
  const [problem, setProblem] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);
  const request = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    // What is no number stays a text, so that the server can say so.
    const deadlineMs = /^\d+$/.test(deadline.trim()) ? Number(deadline) : deadline.trim();
    const body = { feed: feed.trim(), deadlineMs };
    const headers = { prefer: 'respond-async' };
    try {
      const made = await ask<PriceRequest>('/v1/price-requests', { method: 'POST', body, headers });
      await navigate({ to: `/requests/${made.id}` });
    } catch (error) {
      setProblem(error as ApiProblem);
      setBusy(false);
    }
  };
  const at = problemsAt(problem);
  return (
    <form
      aria-label="Request a price"
      className="flex flex-col gap-3 rounded-box border border-line px-3 py-3"
      onSubmit={(event) => {
        event.preventDefault();
        void request();
      }}
    >
      <div className="grid gap-3 sm:grid-cols-[180px_200px_auto] sm:items-start">
        <Field label="Feed" problem={at('feed', 'symbol')}>
          {(id, problemId) => (
            <TextInput
              id={id}
              value={feed}
              onChange={setFeed}
              placeholder={feeds[0]?.feed ?? 'BTC/USD'}
              list={proposals}
              problemId={problemId}
            />
          )}
        </Field>
        <Proposals id={proposals} values={feeds.map((one) => one.feed)} />
        <Field label="Deadline, ms" problem={at('deadlineMs')}>
          {(id, problemId) => (
            <TextInput id={id} value={deadline} onChange={setDeadline} problemId={problemId} />
          )}
        </Field>
        <div className="sm:pt-5">
          <Button type="submit" look="main" isBusy={isBusy}>
            Request
          </Button>
        </div>
      </div>
      <Unplaced problem={problem} fields={['feed', 'symbol', 'deadlineMs']} />
      <p className="text-muted text-table">
        Every source of the feed is asked at once. At the deadline, those that have answered are enough.
      </p>
    </form>
  );
}
