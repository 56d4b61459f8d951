// A new key: name, what it may do in a sentence each, for which feeds, how fast, until when. Out: its secret,
// shown once.
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { MadeKey } from '../api/client-records.ts';
import { type ApiProblem, ask } from '../api/http.ts';
import { Button } from '../show/button.tsx';
import { Dialog, Field, TextInput } from '../show/dialog.tsx';
import { problemsAt, Unplaced } from '../show/form.tsx';
import { KEYS } from './key-state.ts';
import { Secret } from './secret.tsx';

const SCOPES = [
  { scope: 'prices:read', words: 'Reads prices, their history and explanations, and follows the streams.' },
  { scope: 'prices:submit', words: 'Offers prices of its own, and sees what became of them.' },
  {
    scope: 'admin',
    words: 'Does everything: keys, the audit record, isolating sources. For people, not for programs.',
  },
] as const;

const TIERS = [
  { tier: 'standard', words: 'standard: asks now and then' },
  { tier: 'high', words: 'high: asks all the time' },
] as const;

type Draft = { name: string; scopes: readonly string[]; feeds: string; tier: string; expires: string };

const EMPTY: Draft = { name: '', scopes: ['prices:read'], feeds: '', tier: 'standard', expires: '' };

export function NewKey({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }): ReactNode {
  const cache = useQueryClient();
  const [made, setMade] = useState<MadeKey>();
  return (
    <>
      <Dialog title="Create a key" isOpen={isOpen} onClose={onClose}>
        <Form
          onCancel={onClose}
          onMade={(key) => {
            onClose();
            setMade(key);
            void cache.invalidateQueries({ queryKey: [KEYS] });
          }}
        />
      </Dialog>
      <Secret made={made} onClose={() => setMade(undefined)} />
    </>
  );
}

type FormProps = { onCancel: () => void; onMade: (key: MadeKey) => void };

function Form({ onCancel, onMade }: FormProps): ReactNode {
  const [draft, setDraft] = useState(EMPTY);
  const [problem, setProblem] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  const create = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      onMade(await ask<MadeKey>(KEYS, { method: 'POST', body: bodyOf(draft) }));
    } catch (error) {
      setProblem(error as ApiProblem);
      setBusy(false);
    }
  };
  const at = problemsAt(problem);
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <Field label="Name: what it is for" problem={at('name')}>
        {(id, problemId) => (
          <TextInput
            id={id}
            value={draft.name}
            onChange={(name) => change({ name })}
            placeholder="market desk"
            problemId={problemId}
          />
        )}
      </Field>
      <Scopes chosen={draft.scopes} onChange={(scopes) => change({ scopes })} problem={at('scopes')} />
      <Field label="Feeds, separated by commas; empty: all" problem={at('feeds')}>
        {(id, problemId) => (
          <TextInput
            id={id}
            value={draft.feeds}
            onChange={(feeds) => change({ feeds })}
            placeholder="BTC/USD, ETH/USD"
            problemId={problemId}
          />
        )}
      </Field>
      <Limits draft={draft} onChange={change} at={at} />
      <Unplaced problem={problem} fields={['name', 'scopes', 'feeds', 'tier', 'expiresAt']} />
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="main" isBusy={isBusy}>
          Create
        </Button>
      </div>
    </form>
  );
}

type LimitsProps = {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
  at: (field: string) => string | undefined;
};

function Limits({ draft, onChange, at }: LimitsProps): ReactNode {
  return (
    <>
      <Field label="Tier: how fast it may ask" problem={at('tier')}>
        {(id) => (
          <select
            id={id}
            value={draft.tier}
            onChange={(event) => onChange({ tier: event.target.value })}
            className="h-7 rounded-box border border-line bg-paper px-2"
          >
            {TIERS.map(({ tier, words }) => (
              <option key={tier} value={tier}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Last day; empty: it never expires" problem={at('expiresAt')}>
        {(id, problemId) => (
          <TextInput
            id={id}
            type="date"
            value={draft.expires}
            onChange={(expires) => onChange({ expires })}
            problemId={problemId}
          />
        )}
      </Field>
    </>
  );
}

type ScopesProps = {
  chosen: readonly string[];
  onChange: (scopes: string[]) => void;
  problem: string | undefined;
};

function Scopes({ chosen, onChange, problem }: ScopesProps): ReactNode {
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1 text-muted text-table">Scopes: what it may do</legend>
      {SCOPES.map(({ scope, words }) => (
        <label key={scope} className="flex items-start gap-2">
          <input
            type="checkbox"
            className="mt-1"
            checked={chosen.includes(scope)}
            onChange={({ target }) =>
              onChange(target.checked ? [...chosen, scope] : chosen.filter((one) => one !== scope))
            }
          />
          <span className="flex flex-col">
            <code className="font-mono text-table">{scope}</code>
            <span className="text-muted text-table">{words}</span>
          </span>
        </label>
      ))}
      {problem !== undefined && (
        <p role="alert" className="text-critical text-table">
          {problem}
        </p>
      )}
    </fieldset>
  );
}

function bodyOf({ name, scopes, feeds, tier, expires }: Draft): object {
  const list = feeds
    .split(',')
    .map((feed) => feed.trim().toUpperCase())
    .filter((feed) => feed !== '');
  return {
    name: name.trim(),
    scopes,
    tier,
    ...(list.length === 0 ? {} : { feeds: list }),
    // To the end of that day where the reader is.
    ...(expires === '' ? {} : { expiresAt: new Date(`${expires}T23:59:59.999`).toISOString() }),
  };
}
