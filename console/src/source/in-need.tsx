// The sources that need a look, each with the sentence that says why and what happens next.
import type { ReactNode } from 'react';
import type { Source } from '../api/records.ts';
import { Section } from '../show/page.tsx';
import { SourceLink } from '../show/source-link.tsx';
import { StateDot, toneOf } from '../show/state-dot.tsx';
import { clockText, plural } from '../show/text.ts';
import { byUrgency, isWell, wordOf } from './words.ts';

export function inNeed(sources: readonly Source[]): Source[] {
  return sources.filter((source) => !isWell(source)).sort(byUrgency);
}

export function SourcesInNeed({ sources }: { sources: readonly Source[] }): ReactNode {
  const needy = inNeed(sources);
  if (needy.length === 0) return null;
  return (
    <Section title="Sources that need a look" beside={plural(needy.length, 'source')}>
      <ul className="divide-y divide-line rounded-box border border-line">
        {needy.map(({ source, name, state, sentence, retryAt }) => (
          <li key={source} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-3 py-2">
            <SourceLink source={source} className="w-36 font-medium">
              {name}
            </SourceLink>
            <span className="w-28">
              <StateDot
                state={state}
                word={wordOf(state)}
                tone={toneOf(state) === 'ok' ? 'idle' : toneOf(state)}
              />
            </span>
            <span className="min-w-0 flex-1 basis-64">
              {sentence}
              {typeof retryAt === 'number' && ` Tried again at ${clockText(retryAt)}.`}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
