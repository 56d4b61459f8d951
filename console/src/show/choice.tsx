// One of a few, as buttons side by side: a range, a look.
import type { ReactNode } from 'react';

export type ChoiceProps = {
  label: string;
  all: readonly string[];
  chosen: string;
  onChoose: (id: string) => void;
};

export function Choice({ label, all, chosen, onChoose }: ChoiceProps): ReactNode {
  return (
    <fieldset aria-label={label} className="flex overflow-hidden rounded-box border border-line">
      {all.map((id) => (
        <button
          key={id}
          type="button"
          aria-pressed={id === chosen}
          onClick={() => onChoose(id)}
          className="h-7 px-2 text-muted text-table hover:text-ink aria-pressed:bg-raised aria-pressed:text-ink"
        >
          {id}
        </button>
      ))}
    </fieldset>
  );
}
