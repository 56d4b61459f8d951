// The switches of the simulated market: how it moves, and what each venue does wrong. In the sandbox only.
import { type ReactNode, useState } from 'react';
import { type ApiProblem, ask } from '../api/http.ts';
import type { FaultKind, SandboxState, SandboxVenue } from '../api/system-records.ts';
import { queryClient, useApi } from '../api/use-api.ts';
import { Instant } from '../show/age.tsx';
import { Button } from '../show/button.tsx';
import { Choice } from '../show/choice.tsx';
import { Field, TextInput } from '../show/dialog.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Loaded, TableSkeleton } from '../show/states.tsx';

const EVERY_MS = 3_000;
const [STATE, VENUES, KINDS] = ['/v1/sandbox/state', '/v1/sandbox/venues', '/v1/sandbox/faults'];

const REGIME_WORDS: Record<string, string> = {
  calm: 'Prices move by a basis point a second around their level.',
  trend: 'Everything rises by 2.4 % a minute.',
  crash: 'A third is lost, most of it in half a minute; spreads widen.',
  depeg: 'USDC falls to 0.88, USDT rises a little.',
  wick: 'One venue shows a fifth less for four seconds of every twenty.',
  halt: 'Nobody trades.',
};

const SELECT = 'h-7 rounded-box border border-line bg-paper px-2 text-table';

export function SandboxSwitches(): ReactNode {
  const state = useApi<SandboxState>(STATE!, { everyMs: EVERY_MS });
  const venues = useApi<SandboxVenue[]>(VENUES!, { everyMs: EVERY_MS });
  const [problem, setProblem] = useState<string>();
  const order = async (method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<void> => {
    setProblem(undefined);
    try {
      await ask(path, { method, ...(body === undefined ? {} : { body }) });
    } catch (error) {
      const { message, recovery } = error as ApiProblem;
      setProblem(`${message} ${recovery}`.trim());
    }
    for (const key of [STATE, VENUES]) void queryClient.invalidateQueries({ queryKey: [key] });
  };
  const faulty = (venues.data ?? []).filter(({ faults }) => faults.length > 0);
  const restore = async (): Promise<void> => {
    for (const { id } of faulty) await order('DELETE', `/v1/sandbox/faults/${id}`);
    await order('POST', '/v1/sandbox/regime', { regime: 'calm' });
  };
  return (
    <Loaded
      query={state}
      what="The switches of the sandbox"
      skeleton={<TableSkeleton rows={3} columns={3} />}
      stillWorks="Prices go on as they are."
    >
      {({ regime, regimes, regimeUntil }) => (
        <div className="flex flex-col gap-3">
          <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
            <Choice
              label="Regime of the market"
              all={regimes}
              chosen={regime}
              onChoose={(wanted) => void order('POST', '/v1/sandbox/regime', { regime: wanted })}
            />
            <span className="text-muted">
              {REGIME_WORDS[regime] ?? 'A recording is played.'}
              {regimeUntil !== undefined && (
                <>
                  {' '}
                  Calm again <Instant at={regimeUntil} />.
                </>
              )}
            </span>
            <div className="ml-auto">
              <Button isDisabled={faulty.length === 0 && regime === 'calm'} onClick={() => void restore()}>
                Put all back
              </Button>
            </div>
          </div>
          <FaultForm
            venues={venues.data ?? []}
            onSet={(body) => void order('POST', '/v1/sandbox/faults', body)}
          />
          {problem !== undefined && (
            <p role="alert" className="text-critical">
              {problem}
            </p>
          )}
          <Faults venues={faulty} onEnd={(id) => void order('DELETE', `/v1/sandbox/faults/${id}`)} />
        </div>
      )}
    </Loaded>
  );
}

type FaultOrder = { venue: string; kind: string; value?: number; forMs?: number };

function FaultForm({
  venues,
  onSet,
}: {
  venues: readonly SandboxVenue[];
  onSet: (order: FaultOrder) => void;
}): ReactNode {
  const { data: kinds = [] } = useApi<FaultKind[]>(KINDS!);
  const [venue, setVenue] = useState('kraken');
  const [kind, setKind] = useState('silence');
  const [value, setValue] = useState('');
  const [seconds, setSeconds] = useState('60');
  const describe = kinds.find((one) => one.kind === kind)?.describe;
  return (
    <form
      className="flex flex-wrap items-end gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        const forMs = Number(seconds) * 1_000;
        onSet({
          venue,
          kind,
          ...(value.trim() === '' ? {} : { value: Number(value) }),
          ...(seconds.trim() === '' ? {} : { forMs }),
        });
      }}
    >
      <Field label="Venue">
        {(id) => (
          <select id={id} className={SELECT} value={venue} onChange={(event) => setVenue(event.target.value)}>
            {venues.map(({ id: name, name: title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Fault">
        {(id) => (
          <select id={id} className={SELECT} value={kind} onChange={(event) => setKind(event.target.value)}>
            {kinds.map((one) => (
              <option key={one.kind}>{one.kind}</option>
            ))}
          </select>
        )}
      </Field>
      <div className="w-24">
        <Field label="Value">
          {(id) => <TextInput id={id} value={value} onChange={setValue} placeholder="default" />}
        </Field>
      </div>
      <div className="w-24">
        <Field label="For, seconds">
          {(id) => <TextInput id={id} type="number" value={seconds} onChange={setSeconds} />}
        </Field>
      </div>
      <Button type="submit">Switch on</Button>
      {describe !== undefined && <span className="pb-1 text-muted">{describe}</span>}
    </form>
  );
}

function Faults({
  venues,
  onEnd,
}: {
  venues: readonly SandboxVenue[];
  onEnd: (venue: string) => void;
}): ReactNode {
  if (venues.length === 0) return <p className="text-muted">No venue has a fault now.</p>;
  return (
    <ul className="flex flex-col gap-1">
      {venues.map(({ id, name, faults }) => (
        <li key={id} className="flex flex-wrap items-center gap-3">
          <StateDot state="degraded" word={name} />
          <span>
            {faults.map(({ kind, value, until }) => (
              <span key={kind} className="mr-3">
                {kind}
                {value === 0 ? '' : ` ${value}`}, until{' '}
                {typeof until === 'string' ? <Instant at={until} /> : 'you end it'}
              </span>
            ))}
          </span>
          <Button onClick={() => onEnd(id)}>End</Button>
        </li>
      ))}
    </ul>
  );
}
