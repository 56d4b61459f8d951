// How a client gets this feed: one command each, to copy. The reader's own key is left out on purpose: what
// is copied from a page ends up in tickets and chats.
import { type ReactNode, useState } from 'react';
import { inAddress } from '../api/use-api.ts';
import { Section } from '../show/page.tsx';

export function Examples({ feed }: { feed: string }): ReactNode {
  const examples = examplesOf(feed, location.origin);
  const [chosen, choose] = useState(examples[0]!.title);
  const shown = examples.find(({ title }) => title === chosen) ?? examples[0]!;
  return (
    <Section
      title="Use it"
      beside={
        <span>
          <code className="font-mono text-table">$ASSAY_KEY</code> stands for your key
        </span>
      }
    >
      <div className="rounded-box border border-line">
        <div className="flex flex-wrap border-line border-b bg-surface">
          <div role="tablist" aria-label="Ways to use it" className="flex flex-wrap">
            {examples.map(({ title }) => (
              <button
                key={title}
                type="button"
                role="tab"
                aria-selected={title === shown.title}
                onClick={() => choose(title)}
                className="h-8 border-transparent border-b-2 px-3 text-muted text-table aria-selected:border-accent aria-selected:text-ink"
              >
                {title}
              </button>
            ))}
          </div>
          <CopyText text={shown.text} />
        </div>
        {/* Long lines scroll; the keyboard has to reach them. */}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls */}
        <pre tabIndex={0} className="overflow-x-auto px-3 py-3 font-mono text-table">
          {shown.text}
        </pre>
      </div>
    </Section>
  );
}

function CopyText({ text }: { text: string }): ReactNode {
  const [said, setSaid] = useState('Copy');
  return (
    <button
      type="button"
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setSaid('Copied'),
          () => setSaid('Not allowed'),
        );
        setTimeout(() => setSaid('Copy'), 2_000);
      }}
      className="ml-auto px-3 text-accent text-table hover:underline"
    >
      {said}
    </button>
  );
}

function examplesOf(feed: string, origin: string): { title: string; text: string }[] {
  const name = inAddress(feed);
  return [
    { title: 'curl', text: `curl -H "X-API-Key: $ASSAY_KEY" ${origin}/v1/prices/${name}` },
    {
      title: 'GraphQL',
      text:
        `curl -H "X-API-Key: $ASSAY_KEY" -H "content-type: application/json" ${origin}/graphql \\\n` +
        `  -d '{"query":"{ price(feed: \\"${feed}\\") { price low high state ageMs sourcesUsed } }"}'`,
    },
    { title: 'Stream', text: `curl -N -H "X-API-Key: $ASSAY_KEY" "${origin}/v1/stream?feeds=${feed}"` },
    {
      title: 'Explain',
      text: `curl -H "X-API-Key: $ASSAY_KEY" "${origin}/v1/prices/${name}/explain?format=text"`,
    },
    {
      title: 'History',
      text: `curl -H "X-API-Key: $ASSAY_KEY" "${origin}/v1/prices/${name}/history?order=newest&limit=100&format=csv"`,
    },
    { title: 'Command', text: `assay explain ${feed}` },
  ];
}
