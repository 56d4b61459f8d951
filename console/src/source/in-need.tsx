// The sources that need a look, each with the sentence that says why and what happens next.
import type { ReactNode } from 'react';
import type { Source } from '../api/records.ts';
import { Section } from '../show/page.tsx';
import { SourceLink } from '../show/source-link.tsx';
import { StateDot, toneOf } from '../show/state-dot.tsx';
import { plural } from '../show/text.ts';
import { byUrgency, isWell, sentenceOf, wordOf } from './words.ts';

export function inNeed(sources: readonly Source[]): Source[] {
  return sources.filter((source) => !isWell(source)).sort(byUrgency);
}

export function SourcesInNeed({ sources }: { sources: readonly Source[] }): ReactNode {
  const needy = inNeed(sources);
  if (needy.length === 0) return null;
  return (
    <Section title="Sources that need a look" beside={plural(needy.length, 'source')}>
      <ul className="divide-y divide-line rounded-box border border-line">
        {needy.map((source) => (
          <li key={source.source} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-3 py-2">
            <SourceLink source={source.source} className="w-36 font-medium">
              {source.name}
            </SourceLink>
            <span className="w-28">
              <StateDot
                state={source.state}
                word={wordOf(source.state)}
                tone={toneOf(source.state) === 'ok' ? 'idle' : toneOf(source.state)}
              />
            </span>
            <span className="min-w-0 flex-1 basis-64">{sentenceOf(source)}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
